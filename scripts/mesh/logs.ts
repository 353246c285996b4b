import { copyFileSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Member } from '../../packages/testkit/src/index.ts'

/** The log of each member under its name, in one folder. */
export class Logs {
  readonly folder: string
  readonly #members: () => readonly Member[]
  readonly #linked = new Map<Member, string>()

  constructor(folder: string, members: () => readonly Member[]) {
    this.folder = folder
    this.#members = members
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
  }

  /** Links the logs of those that have come up. */
  link(): void {
    for (const member of this.#members()) {
      if (member.process === undefined || this.#linked.has(member)) continue
      const file = this.fileOf(member)
      symlinkSync(join(member.process.folder, 'engine.log'), file)
      this.#linked.set(member, file)
    }
  }

  /** Keeps the logs, before the folders go that they are in. */
  keep(): void {
    for (const [member, file] of this.#linked) {
      rmSync(file, { force: true })
      copyFileSync(join(member.process!.folder, 'engine.log'), file)
    }
  }

  fileOf({ name }: Member): string {
    return join(this.folder, `${name}.log`)
  }
}
