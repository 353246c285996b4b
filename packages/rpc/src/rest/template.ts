/** One step of a path: a text (decoded), any one segment, or all that is left. */
type Segment = { readonly kind: 'literal'; readonly text: string } | { readonly kind: 'any' } | { readonly kind: 'rest' }

/** A part of the path that a request field takes. */
export interface Variable {
  /** Names of proto fields, from the request inwards. */
  readonly fieldPath: readonly string[]
  /** The first segment. */
  readonly start: number
  /** The segment after the last. Undefined: to the end of the path. */
  readonly end: number | undefined
  /** Slashes are part of the value, so an escaped one stays escaped. */
  readonly multiple: boolean
}

export interface Template {
  readonly segments: readonly Segment[]
  readonly variables: readonly Variable[]
  /** What follows the colon. */
  readonly verb: string | undefined
}

const IDENT = /^[A-Za-z_][A-Za-z0-9_]*/
/** Unreserved characters, sub-delimiters and `@` (RFC 3986 §3.3), or escapes. A `*` alone is a wildcard, and a colon begins the verb. */
const LITERAL = /^(?:[A-Za-z0-9\-._~!$&'()*+,;@]|%[0-9A-Fa-f]{2})+/

/**
 * Reads a path template. Throws with the position of what is wrong.
 * Source: the grammar in google/api/http.proto.
 */
export function parseTemplate(text: string): Template {
  return new Parser(text).template()
}

class Parser {
  readonly #text: string
  #at = 0
  readonly #segments: Segment[] = []
  readonly #variables: Variable[] = []

  constructor(text: string) {
    this.#text = text
  }

  template(): Template {
    this.#expect('/')
    this.#segmentsUntil(() => this.#variable() || this.#plainSegment())
    const verb = this.#take(':') ? this.#literal() : undefined
    if (this.#at < this.#text.length) this.#fail('unexpected character')
    return { segments: this.#segments, variables: this.#variables, verb }
  }

  #segmentsUntil(one: () => unknown): void {
    do {
      if (this.#segments.at(-1)?.kind === 'rest') this.#fail('nothing but a verb may follow **')
      one()
    } while (this.#take('/'))
  }

  #plainSegment(): void {
    if (this.#take('**')) this.#segments.push({ kind: 'rest' })
    else if (/^\*(?![^/:}])/.test(this.#text.slice(this.#at)) && this.#take('*')) this.#segments.push({ kind: 'any' })
    else this.#segments.push({ kind: 'literal', text: this.#literal() })
  }

  #variable(): boolean {
    if (!this.#take('{')) return false
    const fieldPath = [this.#ident()]
    while (this.#take('.')) fieldPath.push(this.#ident())
    const name = fieldPath.join('.')
    if (this.#variables.some((other) => other.fieldPath.join('.') === name)) this.#fail(`${name} stands twice`)
    const start = this.#segments.length
    if (this.#take('=')) this.#segmentsUntil(() => this.#plainSegment())
    else this.#segments.push({ kind: 'any' })
    this.#expect('}')
    const toEnd = this.#segments.at(-1)?.kind === 'rest'
    const end = this.#segments.length
    this.#variables.push({ fieldPath, start, end: toEnd ? undefined : end, multiple: toEnd || end - start > 1 })
    return true
  }

  #literal(): string {
    const raw = this.#match(LITERAL, 'expected a segment')
    try {
      return decodeURIComponent(raw)
    } catch {
      return this.#fail('malformed percent-encoding')
    }
  }

  #ident(): string {
    return this.#match(IDENT, 'expected a field name')
  }

  #match(pattern: RegExp, otherwise: string): string {
    const found = pattern.exec(this.#text.slice(this.#at))?.[0] ?? this.#fail(otherwise)
    this.#at += found.length
    return found
  }

  #take(token: string): boolean {
    if (!this.#text.startsWith(token, this.#at)) return false
    this.#at += token.length
    return true
  }

  #expect(token: string): void {
    if (!this.#take(token)) this.#fail(`expected ${token}`)
  }

  #fail(why: string): never {
    throw new Error(`the template "${this.#text}" is not valid at ${this.#at + 1}: ${why}`)
  }
}
