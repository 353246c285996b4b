/** Characters that would move the cursor, ring, or restyle what others wrote: a message must not command a terminal. */
const CONTROL = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu
/** Characters that take two columns. */
const WIDE = /[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u
const ZERO = /\p{Mn}|\p{Me}|\p{Cf}/u

/** Text on one line: line breaks and control characters become visible. */
export function oneLine(text: string): string {
  return text.replaceAll(CONTROL, (character) => ESCAPES[character] ?? codeOf(character))
}

/** Text that keeps its line breaks, continued under its first line. */
export function indented(text: string, indent: number): string {
  const lines = text.split(/\r\n|[\r\n]/u).map((line) => oneLine(line.replaceAll('\t', '    ')))
  return lines.join(`\n${' '.repeat(indent)}`)
}

/** How many columns a text takes. Escape sequences of `styleText` take none. */
export function width(text: string): number {
  let columns = 0
  for (const character of text.replaceAll(STYLE, '')) columns += ZERO.test(character) ? 0 : WIDE.test(character) ? 2 : 1
  return columns
}

export function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - width(text)))
}

/** Cuts a text that takes more columns. */
export function cut(text: string, columns: number): string {
  if (width(text) <= columns) return text
  let kept = ''
  for (const character of text) {
    if (width(kept + character) > columns - 1) break
    kept += character
  }
  return `${kept}…`
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character starts every style
const STYLE = /\u001b\[[0-9;]*m/gu
const ESCAPES: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\u001b': '\\e' }

function codeOf(character: string): string {
  return `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`
}
