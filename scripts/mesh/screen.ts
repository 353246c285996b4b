import { readFileSync } from 'node:fs'
import { stripVTControlCharacters, styleText } from 'node:util'
import type { Member, MemberState } from '../../packages/testkit/src/index.ts'

const COLOURS: Readonly<Record<MemberState, 'gray' | 'yellow' | 'green' | 'red'>> = {
  waiting: 'gray',
  starting: 'yellow',
  ready: 'green',
  'not ready': 'yellow',
  ended: 'red',
}

/** Shows the members of a mesh: on a terminal as a table that is painted over, elsewhere as a line per change. */
export class Screen {
  readonly #members: () => readonly Member[]
  readonly #below: () => readonly string[]
  readonly #out: NodeJS.WriteStream
  readonly #shown = new Map<Member, MemberState>()
  #painted = 0

  /** `below`: what a terminal shows under the table. */
  constructor(members: () => readonly Member[], below: () => readonly string[] = () => [], out: NodeJS.WriteStream = process.stdout) {
    this.#members = members
    this.#below = below
    this.#out = out
  }

  /** Shows how things stand. */
  refresh(): void {
    if (this.#out.isTTY) this.#paint()
    else for (const member of this.#members()) this.#tellChange(member)
  }

  /** Something to stay above the table. */
  say(text: string): void {
    this.#erase()
    this.#out.write(`${text}\n`)
    this.refresh()
  }

  /** Takes the table away: what was said stays. */
  close(): void {
    this.#erase()
  }

  #paint(): void {
    this.#erase()
    const lines = ['', ...this.#members().map(row), '', ...this.#below(), styleText('dim', 'Ctrl-C stops them all.')].map((line) =>
      cut(line, this.#out.columns),
    )
    this.#out.write(`${lines.join('\n')}\n`)
    this.#painted = lines.length
  }

  #erase(): void {
    if (this.#painted > 0) this.#out.write(`\x1b[${this.#painted}A\x1b[J`)
    this.#painted = 0
  }

  #tellChange(member: Member): void {
    if (this.#shown.get(member) === member.state) return
    this.#shown.set(member, member.state)
    if (member.state !== 'waiting') this.#out.write(`${row(member)}\n`)
  }
}

function row(member: Member): string {
  const { name, state, address, process } = member
  const pid = state === 'waiting' || process === undefined ? '' : `pid ${process.pid}`
  const state10 = styleText(COLOURS[state], state.padEnd(10))
  return `  ${name.padEnd(13)} ${state10} ${address.padEnd(17)} ${pid.padEnd(12)} ${memory(member)}`.trimEnd()
}

/** What it holds of the machine's memory, where that can be read. */
function memory({ state, process }: Member): string {
  if (process === undefined || !process.running || state === 'ended') return ''
  try {
    const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${process.pid}/status`, 'utf8'))?.[1]
    return kilobytes === undefined ? '' : `${Math.round(Number(kilobytes) / 1024)} MB`
  } catch {
    return ''
  }
}

/** A line that wraps could not be painted over. */
function cut(line: string, columns: number): string {
  return stripVTControlCharacters(line).length < columns ? line : stripVTControlCharacters(line).slice(0, columns - 1)
}
