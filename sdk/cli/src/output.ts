import { styleText } from 'node:util'
import { toJson } from '@chat4all/sdk'
import { formatTable } from './table.ts'

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

/** Anything that the API answers. */
export type ApiMessage = Parameters<typeof toJson>[0]

/** Writes results to standard output, for people or (with `--json`) one JSON object per line; and everything else to standard error. */
export class Output {
  json = false
  readonly #stdout: NodeJS.WriteStream
  readonly #stderr: NodeJS.WriteStream
  readonly #color: boolean

  constructor({ stdout, stderr, env }: Pick<NodeJS.Process, 'stdout' | 'stderr' | 'env'>) {
    this.#stdout = stdout
    this.#stderr = stderr
    this.#color = stdout.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb'
  }

  /** Whether a person watches. */
  get isTerminal(): boolean {
    return this.#stdout.isTTY === true && !this.json
  }

  get isErrorTerminal(): boolean {
    return this.#stderr.isTTY === true && !this.json
  }

  line(text: string): void {
    this.#stdout.write(`${text}\n`)
  }

  /** One answer: its JSON, or what people read. */
  one(answer: ApiMessage, ...lines: readonly string[]): void {
    if (this.json) this.object(toJson(answer) as object)
    else for (const line of lines) this.line(line)
  }

  /** Many answers of one kind: JSON as they come, or a table. */
  async list<T extends ApiMessage>(
    titles: readonly string[],
    items: AsyncIterable<T> | Iterable<T>,
    row: (item: T) => readonly string[] | Promise<readonly string[]>,
  ): Promise<void> {
    const rows: (readonly string[])[] = []
    for await (const item of items) {
      if (this.json) this.object(toJson(item) as object)
      else rows.push(await row(item))
    }
    if (this.json) return
    const [head, ...lines] = formatTable(titles, rows, this.isTerminal ? this.#stdout.columns : undefined)
    if (lines.length === 0) return this.note('none')
    this.line(this.paint('bold', head!))
    for (const line of lines) this.line(line)
  }

  object(value: object): void {
    this.line(JSON.stringify(value, (_, field) => (typeof field === 'bigint' ? String(field) : field)))
  }

  /** For people at the terminal, apart from the results. */
  note(text: string): void {
    if (!this.json) this.warn(this.#stderr.isTTY && this.#color ? styleText('dim', text, { validateStream: false }) : text)
  }

  warn(text: string): void {
    this.#stderr.write(`${text}\n`)
  }

  /** Replaces the last progress line, on a terminal only. */
  progress(text: string): void {
    if (this.isErrorTerminal) this.#stderr.write(`\r\u001b[2K${text}`)
  }

  paint(style: Style, text: string): string {
    return this.#color ? styleText(style, text, { validateStream: false }) : text
  }
}
