import { setTimeout as sleep } from 'node:timers/promises'
import { Samples } from './samples.ts'
import type { ThinClient } from './thin-client.mjs'

/** What went wrong over a whole run, warm-up included. All zero when nothing did. */
export interface Losses {
  readonly lost: number
  readonly duplicated: number
  readonly reordered: number
  readonly invented: number
}

const FILLER = 'lorem ipsum dolor sit amet, consetetur sadipscing elitr. '.repeat(200)

/** Numbered messages from their sending to the arrival of every copy. The texts carry number and time, so one clock measures both ends. */
export class Traffic {
  /** Samples are taken while this is set. */
  measuring = false
  readonly delivered = new Samples()
  readonly acknowledged = new Samples()
  readonly refusedAfter = new Samples()
  /** Sent, and refused, since the beginning. */
  sent = 0
  refused = 0
  #arrived = 0
  #duplicated = 0
  #reordered = 0
  #invented = 0
  readonly #copies: number
  readonly #bytes: number
  /** By message and member: whether the copy arrived. */
  #seen = new Uint8Array(1 << 20)
  readonly #lastOf: number[] = []

  /** Every message has this many copies. */
  constructor(copies: number, bytes: number) {
    this.#copies = copies
    this.#bytes = bytes
  }

  /** Sends the next message. `onRefused` is called instead of losing it. */
  send(client: ThinClient, conversationId: string, onRefused: () => void = () => {}): number {
    const id = this.sent++
    const at = performance.now()
    client.send(conversationId, this.#text(id, at), (error) => {
      const elapsed = performance.now() - at
      if (error !== undefined) {
        this.refused++
        if (this.measuring) this.refusedAfter.add(elapsed)
        onRefused()
      } else if (this.measuring) this.acknowledged.add(elapsed)
    })
    return id
  }

  /** Notes a copy that arrived at a member over a stream on which numbers must rise. Gives the message's number, or undefined for one that counts as wrong. */
  receive(text: string, member: number, stream = member): number | undefined {
    const id = Number(text.slice(0, 10))
    if (!(id >= 0 && id < this.sent)) {
      this.#invented++
      return undefined
    }
    const at = id * this.#copies + member
    this.#growTo(at)
    if (this.#seen[at] === 1) {
      this.#duplicated++
      return undefined
    }
    this.#seen[at] = 1
    this.#arrived++
    if (id < (this.#lastOf[stream] ?? -1)) this.#reordered++
    this.#lastOf[stream] = id
    if (this.measuring) this.delivered.add(performance.now() - Number(text.slice(11, 27)))
    return id
  }

  get accepted(): number {
    return this.sent - this.refused
  }

  get arrived(): number {
    return this.#arrived
  }

  /** Waits until every copy has arrived, or nothing has for three seconds; then a little for those that come twice. */
  async drain(copies = this.#copies): Promise<Losses> {
    let last = -1
    for (let quietMs = 0; this.#arrived < this.accepted * copies && quietMs < 3000; quietMs += 50) {
      if (this.#arrived !== last) quietMs = 0
      last = this.#arrived
      await sleep(50)
    }
    await sleep(300)
    return {
      lost: this.accepted * copies - this.#arrived,
      duplicated: this.#duplicated,
      reordered: this.#reordered,
      invented: this.#invented,
    }
  }

  #text(id: number, at: number): string {
    return `${String(id).padStart(10, '0')}|${at.toFixed(3).padStart(16, '0')}|${FILLER}`.slice(0, this.#bytes)
  }

  #growTo(index: number): void {
    if (index < this.#seen.length) return
    const more = new Uint8Array(Math.max(this.#seen.length * 2, index + 1))
    more.set(this.#seen)
    this.#seen = more
  }
}
