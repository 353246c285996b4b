import type { Evidence, HistoryRecord, MarkRecord, Reading, SendRecord, StatusRecord, StoredRow, Subscription } from './history.ts'

/** A small correct messenger under a seeded scheduler: what it leaves behind keeps every promise, crashes and refusals included. */
export function modelEvidence(seed: number, steps = 200): Evidence {
  const model = new Model(seed)
  for (let i = 0; i < steps; i++) model.step()
  return model.finish()
}

/** A seeded generator of numbers in [0, n) (mulberry32). */
export function seededRandom(seed: number): (n: number) => number {
  let state = seed | 0
  return (n) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * n)
  }
}

interface Sender {
  readonly proc: string
  readonly tenant: string
  readonly conversation: string
  session: number
  /** Sent on the present stream and not answered. Accepted is a prefix of it. */
  inFlight: { readonly send: Omit<SendRecord, 'returnAt' | 'outcome'>; accepted: boolean }[]
  resend: Omit<SendRecord, 'returnAt' | 'outcome'>[]
}

interface Receiver {
  readonly proc: string
  readonly tenant: string
  readonly conversation: string
  session: number
  /** The last sequence on the present stream, and the last one ever. */
  position: bigint
  cursor: bigint
  marked: bigint
}

class Model {
  readonly #random: (n: number) => number
  readonly #history: HistoryRecord[] = []
  readonly #logs = new Map<string, StoredRow[]>()
  readonly #senders: Sender[] = []
  readonly #receivers: Receiver[] = []
  #time = 0
  #messages = 0

  constructor(seed: number) {
    this.#random = seededRandom(seed)
    for (const tenant of ['acme', 'bolt']) for (const name of ['a', 'b']) this.#addConversation(tenant, `${tenant}-${name}`)
  }

  step(): void {
    const action = this.#random(100)
    if (action < 40) this.#send(this.#pick(this.#senders))
    else if (action < 60) this.#accept(this.#pick(this.#senders))
    else if (action < 75) this.#answer(this.#pick(this.#senders))
    else if (action < 95) this.#deliver(this.#pick(this.#receivers))
    else if (action < 98) this.#mark(this.#pick(this.#receivers))
    else this.#crash()
  }

  finish(): Evidence {
    for (const sender of this.#senders) this.#drain(sender)
    for (const receiver of this.#receivers) while (this.#deliver(receiver));
    for (const receiver of this.#receivers) this.#mark(receiver)
    const readings = ['sqlite', 'list'].flatMap((source) =>
      [...this.#logs].map(([conversation, rows]) => this.#read(source, conversation, rows)),
    )
    const subscriptions: Subscription[] = this.#receivers.map(({ proc, tenant, conversation }) => ({
      proc,
      tenant,
      conversation,
      after: 0n,
    }))
    return { history: this.#history, subscriptions, readings }
  }

  #addConversation(tenant: string, conversation: string): void {
    this.#logs.set(conversation, [])
    for (const i of [1, 2]) {
      this.#senders.push({ proc: `${conversation}-s${i}`, tenant, conversation, session: 1, inFlight: [], resend: [] })
      this.#receivers.push({ proc: `${conversation}-r${i}`, tenant, conversation, session: 1, position: 0n, cursor: 0n, marked: 0n })
    }
  }

  #send(sender: Sender): void {
    const { proc, tenant, conversation, session } = sender
    const again = sender.resend.shift()
    const messageId = again?.messageId ?? `m${++this.#messages}`
    const send = { op: 'send', proc, tenant, conversation, session, messageId, bodyHash: `h-${messageId}`, callAt: ++this.#time } as const
    if (again === undefined && this.#random(10) === 0) this.#history.push({ ...send, returnAt: ++this.#time, outcome: 'fail' })
    else sender.inFlight.push({ send, accepted: false })
  }

  #accept(sender: Sender): void {
    const next = sender.inFlight.find((f) => !f.accepted)
    if (next === undefined) return
    next.accepted = true
    const log = this.#logs.get(sender.conversation)!
    const { messageId, bodyHash, tenant, conversation } = next.send
    if (!log.some((row) => row.messageId === messageId))
      log.push({ sequence: BigInt(log.length + 1), messageId, bodyHash, tenant, conversation })
  }

  #answer(sender: Sender): void {
    const accepted = sender.inFlight.filter((f) => f.accepted)
    if (accepted.length === 0) return
    const one = this.#pick(accepted)
    sender.inFlight = sender.inFlight.filter((f) => f !== one)
    this.#history.push({ ...one.send, returnAt: ++this.#time, outcome: 'ok' })
  }

  #deliver(receiver: Receiver): boolean {
    const row = this.#logs.get(receiver.conversation)![Number(receiver.position)]
    if (row === undefined) return false
    receiver.position = row.sequence
    if (row.sequence > receiver.cursor) receiver.cursor = row.sequence
    const { proc, session } = receiver
    this.#history.push({ op: 'recv', proc, session, ...row, returnAt: ++this.#time })
    return true
  }

  #mark(receiver: Receiver): void {
    receiver.marked = receiver.cursor
    const { proc, tenant, conversation, session, marked } = receiver
    const mark = { proc, tenant, conversation, user: proc, deliveredThrough: marked, readThrough: marked / 2n, returnAt: ++this.#time }
    this.#history.push({ op: 'ack', ...mark, outcome: 'ok' } satisfies MarkRecord)
    this.#history.push({ op: 'status', ...mark, session } satisfies StatusRecord)
  }

  /** Every stream breaks; what was in flight is sent again in its order, and streams resume a little before where they were. */
  #crash(): void {
    for (const sender of this.#senders) {
      for (const { send } of sender.inFlight) this.#history.push({ ...send, returnAt: ++this.#time, outcome: 'unknown' })
      sender.resend = [...sender.inFlight.map((f) => f.send), ...sender.resend]
      sender.inFlight = []
      sender.session++
    }
    for (const receiver of this.#receivers) {
      receiver.session++
      receiver.position -= BigInt(this.#random(Math.min(3, Number(receiver.position) + 1)))
    }
  }

  /** Everything is answered in the end, except that some senders give up on what they would have to repeat. */
  #drain(sender: Sender): void {
    while (sender.resend.length > 0 && this.#random(4) > 0) this.#send(sender)
    while (sender.inFlight.some((f) => !f.accepted)) this.#accept(sender)
    while (sender.inFlight.length > 0) this.#answer(sender)
  }

  #read(source: string, conversation: string, rows: readonly StoredRow[]): Reading {
    const members = this.#receivers.filter((r) => r.conversation === conversation)
    const receipts = new Map(members.map((r) => [r.proc, { deliveredThrough: r.marked, readThrough: r.marked / 2n }]))
    return { source, tenant: conversation.slice(0, 4), conversation, rows: [...rows], receipts }
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#random(items.length)]!
  }
}
