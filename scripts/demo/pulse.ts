import { timeOfId } from '../../packages/base/src/index.ts'
import type { History, HistoryRecord, ReceivedRecord, SendRecord } from '../../packages/testkit/src/index.ts'

/** What happened to the messages in a stretch of time. */
export interface Stretch {
  readonly sinceMs: number
  /** Messages whose senders were told that they are accepted. */
  acknowledged: number
  /** Messages that reached a receiver, counted once for each. */
  delivered: number
  /** From the first attempt to send a message until its sender was told. */
  longestAcknowledgementMs: number
  /** From there until it reached a receiver, of those that came. */
  longestDeliveryMs: number
  /** Users whose streams had to be opened again. */
  readonly reopened: Set<string>
}

const RATE_MS = 1_000

/** Reads the history of a load while it is written. */
export class Pulse {
  readonly #history: History
  #read = 0
  #stretch = newStretch()
  readonly #sessions = new Map<string, number>()
  /** The last sequence of each conversation by receiver: what comes again after a break is nothing new. */
  readonly #seen = new Map<string, bigint>()
  readonly #arrived = new Set<string>()
  /** Accepted and not received by anybody yet, the oldest first. */
  readonly #onTheirWay = new Set<string>()

  #acknowledged = 0
  #delivered = 0
  #longestMs = 0
  #sample = { at: performance.now(), acknowledged: 0, delivered: 0 }
  #rates = 'nothing sent yet'

  constructor(history: History) {
    this.#history = history
  }

  /** Of about the last second, for people. */
  get rates(): string {
    this.#catchUp()
    const s = (performance.now() - this.#sample.at) / 1000
    if (s * 1000 >= RATE_MS) {
      const rate = (now: number, before: number) => `${Math.round((now - before) / s)}/s`.padStart(6)
      const { acknowledged, delivered } = this.#sample
      this.#rates = `acknowledged ${rate(this.#acknowledged, acknowledged)}   delivered ${rate(this.#delivered, delivered)}`
      this.#sample = { at: performance.now(), acknowledged: this.#acknowledged, delivered: this.#delivered }
    }
    return this.#rates
  }

  /** The longest that any message has taken so far from its sender to a receiver. */
  get longestMs(): number {
    return Math.max(this.#longestMs, this.waitingMs)
  }

  /** As it stands. */
  get stretch(): Readonly<Stretch> {
    this.#catchUp()
    return this.#stretch
  }

  /** Ends the stretch, and begins another one. */
  next(): Readonly<Stretch> {
    const ended = this.stretch
    this.#stretch = newStretch()
    return ended
  }

  /** How long the oldest accepted message has been waiting that nobody has received. */
  get waitingMs(): number {
    this.#catchUp()
    const [oldest] = this.#onTheirWay
    return oldest === undefined ? 0 : performance.now() - sentAt(oldest)
  }

  #catchUp(): void {
    const { records } = this.#history
    for (; this.#read < records.length; this.#read++) this.#take(records[this.#read]!)
  }

  #take(record: HistoryRecord): void {
    if (record.op === 'send') this.#takeSend(record)
    else if (record.op === 'recv') this.#takeReceived(record)
  }

  #takeSend({ proc, session, messageId, outcome, returnAt }: SendRecord): void {
    this.#takeSession(proc, session)
    if (outcome !== 'ok') return
    const { longestAcknowledgementMs } = this.#stretch
    this.#stretch.acknowledged++
    this.#acknowledged++
    this.#stretch.longestAcknowledgementMs = Math.max(longestAcknowledgementMs, returnAt - sentAt(messageId))
    // It may have arrived before its sender was told.
    if (!this.#arrived.has(messageId)) this.#onTheirWay.add(messageId)
  }

  #takeReceived({ proc, session, conversation, messageId, sequence, returnAt }: ReceivedRecord): void {
    this.#takeSession(proc, session)
    const key = `${proc} ${conversation}`
    if (sequence <= (this.#seen.get(key) ?? 0n)) return
    this.#seen.set(key, sequence)
    this.#stretch.delivered++
    this.#delivered++
    const tookMs = returnAt - sentAt(messageId)
    this.#stretch.longestDeliveryMs = Math.max(this.#stretch.longestDeliveryMs, tookMs)
    this.#longestMs = Math.max(this.#longestMs, tookMs)
    this.#arrived.add(messageId)
    this.#onTheirWay.delete(messageId)
  }

  #takeSession(proc: string, session: number): void {
    const known = this.#sessions.get(proc)
    if (known !== undefined && session > known) this.#stretch.reopened.add(proc)
    this.#sessions.set(proc, session)
  }
}

/** For people. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}

function newStretch(): Stretch {
  return {
    sinceMs: performance.now(),
    acknowledged: 0,
    delivered: 0,
    longestAcknowledgementMs: 0,
    longestDeliveryMs: 0,
    reopened: new Set(),
  }
}

/** The ids of the load tell when they were made: right before the first attempt. */
function sentAt(messageId: string): number {
  return timeOfId(messageId)! - performance.timeOrigin
}
