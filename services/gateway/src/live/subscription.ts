import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import { ChatError } from '@chat4all/base'
import type { Event, Receipt } from '@chat4all/gen/chat4all/v1/event_pb.js'
import { type SubscribeResponse, SubscribeResponseSchema } from '@chat4all/gen/chat4all/v1/live_service_pb.js'
import type { ConversationKey, Partition } from '@chat4all/ports'
import type { Principal, StreamWriter } from '@chat4all/rpc'
import type { Cursor } from '../sync/cursor.ts'
import type { FramedBatch } from './batch.ts'
import { isAbove } from './receipt-marks.ts'

/** The part of a stream's writer that a subscription needs. */
export type FrameWriter = Pick<StreamWriter, 'write' | 'drained'>

/** What all subscriptions share. */
export interface SubscriptionLimits {
  /** Bytes that may wait for one slow reader. */
  readonly maxQueueBytes: number
  /** Reads what a subscription missed in a conversation. */
  readonly fillGap: (key: ConversationKey, afterRevision: bigint) => Promise<readonly Event[]>
  /** Reads what a subscription missed anywhere, and lets it go live again. */
  readonly catchUp: (subscription: Subscription, from: Cursor) => void
}

/** A place in the queue: what came before it is handed on first, then what was missed is read, then goes on what came after it. */
interface CatchUp {
  readonly from: Cursor
}

/** Some 300 bytes each. */
const MAX_RECEIPTS = 256
const NO_POSITIONS: ReadonlyMap<Partition, bigint> = new Map()

/** One live stream of one user. Hands on what arrives, in order and without holes in any conversation:
 *  what arrives while it catches up, or while the reader is slow, waits in a bounded queue. */
export class Subscription {
  readonly principal: Principal
  readonly userId: string
  readonly #out: FrameWriter
  readonly #limits: SubscriptionLimits
  /** Last revision handed on, by conversation. Empty until something happens: idle streams stay small. */
  #revisions: Map<string, bigint> | undefined
  /** Positions that catching up has covered. */
  #covered = NO_POSITIONS
  /** What waits, in the order in which it came. Most streams never need one. */
  #queue: (FramedBatch | CatchUp)[] | undefined
  #queuedBytes = 0
  /** Receipts sent from the store while catching up, by conversation and user, until a higher one comes: what waited meanwhile, or comes late, may be older. */
  #receipts: Map<string, Receipt> | undefined
  /** Someone is working: catching up, filling a gap, or waiting for the reader. */
  #busy = true
  #over = false
  #ended: (error?: ChatError) => void = () => {}
  /** Whether anything was written since the last heartbeat. */
  active = false

  constructor(principal: Principal, userId: string, out: FrameWriter, limits: SubscriptionLimits) {
    this.principal = principal
    this.userId = userId
    this.#out = out
    this.#limits = limits
  }

  /** Resolves when the caller goes; rejects when the server ends the stream. */
  done(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#ended = (error) => (error === undefined ? resolve() : reject(error))
    })
  }

  end(error?: ChatError): void {
    this.#queue = undefined
    this.#over = true
    this.#ended(error)
  }

  /** Takes a batch that arrived. */
  take(framed: FramedBatch): void {
    if (this.#over) return
    if (!this.#busy) return this.#handOn(framed)
    this.#queuedBytes += framed.frame.length
    if (this.#queuedBytes > this.#limits.maxQueueBytes) return this.end(slowConsumer())
    this.#queue ??= []
    this.#queue.push(framed)
  }

  /** Drops what waits about a conversation that the user is in no longer, but for the farewell. */
  drop(conversationId: string): void {
    this.#queue = this.#queue?.filter((item) => {
      if ('from' in item || item.batch.conversationId !== conversationId || item.batch.farewell) return true
      this.withhold(item)
      this.#queuedBytes -= item.frame.length
      return false
    })
  }

  /** Does not show a batch of a conversation that the user was removed from, and leaves its place open: whoever comes back gets the gap filled. */
  withhold(framed: FramedBatch): void {
    const { conversationId, firstRevision } = framed.batch
    if (firstRevision === 0n || this.#isRepeat(framed) || this.#revisions?.has(conversationId)) return
    this.#know(conversationId, firstRevision - 1n)
  }

  /** Writes something of the stream's own: ready, missed changes, heartbeats. */
  async send(message: MessageInitShape<typeof SubscribeResponseSchema>): Promise<void> {
    const response = create(SubscribeResponseSchema, message)
    this.#note(response)
    if (!this.#write(toBinary(SubscribeResponseSchema, response))) await this.#out.drained()
  }

  /** The last revision of a conversation that was handed on, if there was any. */
  revisionOf(conversationId: string): bigint | undefined {
    return this.#revisions?.get(conversationId)
  }

  /** What of missed events was not handed on yet: a stream that catches up a second time may be further than where that starts. */
  unseen(events: readonly Event[]): Event[] {
    return events.filter(({ conversationId, revision }) => revision === 0n || revision > (this.#revisions?.get(conversationId) ?? 0n))
  }

  /** Catching up is over: positions up to `covered` were read from the store. Goes on with what arrived meanwhile. */
  goLive(covered: ReadonlyMap<Partition, bigint>): void {
    this.#covered = covered
    void this.#drain()
  }

  /** Catches up again: something may have been missed after `from`, up to where everything was handed on or waits here. What arrives meanwhile waits. */
  resync(from: Cursor): void {
    if (this.#over) return
    this.#queue ??= []
    const last = this.#queue.at(-1)
    if (last === undefined || !('from' in last)) this.#queue.push({ from })
    if (this.#busy) return
    this.#busy = true
    void this.#drain()
  }

  /** Writes a frame that is not about any conversation, unless the stream is busy with others. */
  beat(frame: Uint8Array): void {
    // What catching up covered was published long before.
    this.#covered = NO_POSITIONS
    if (!this.#busy && !this.#over && !this.active && !this.#write(frame)) this.#waitForReader()
    this.active = false
  }

  #handOn(framed: FramedBatch): void {
    if (this.#isRepeat(framed)) return
    if (this.#isGap(framed)) return this.#queueBehindGap(framed)
    if (framed.frame.length === 0 || this.#isOldReceipt(framed)) return
    if (!this.#writeUnseen(framed)) this.#waitForReader()
  }

  /** Two owners of a partition may cut the same changes into different batches: only what is new is written. */
  #writeUnseen(framed: FramedBatch): boolean {
    const { conversationId, firstRevision } = framed.batch
    const known = this.#revisions?.get(conversationId)
    this.#remember(framed)
    if (firstRevision === 0n || known === undefined || firstRevision > known) return this.#write(framed.frame)
    const response = fromBinary(SubscribeResponseSchema, framed.frame)
    const events = response.events.filter(({ revision }) => revision > known)
    return this.#write(toBinary(SubscribeResponseSchema, { ...response, events }))
  }

  #isRepeat({ batch }: FramedBatch): boolean {
    if (batch.lastRevision === 0n) return false
    const known = this.#revisions?.get(batch.conversationId)
    if (known !== undefined) return batch.lastRevision <= known
    return batch.position !== 0n && !batch.farewell && batch.position <= (this.#covered.get(batch.partition) ?? 0n)
  }

  #isGap({ batch }: FramedBatch): boolean {
    const known = this.#revisions?.get(batch.conversationId)
    return known !== undefined && batch.firstRevision > known + 1n && !batch.farewell
  }

  #queueBehindGap(framed: FramedBatch): void {
    this.#busy = true
    this.#queue = [framed, ...(this.#queue ?? [])]
    this.#queuedBytes += framed.frame.length
    void this.#drain()
  }

  #waitForReader(): void {
    this.#busy = true
    void this.#drain()
  }

  /** Hands on what is queued, filling gaps from the store and waiting for the reader where needed. */
  async #drain(): Promise<void> {
    await this.#out.drained()
    for (let framed = this.#next(); framed !== undefined; framed = this.#next()) {
      if ('from' in framed) return this.#limits.catchUp(this, framed.from)
      if (this.#isRepeat(framed)) continue
      if (this.#isGap(framed) && !(await this.#fill(framed))) return
      if (this.#isRepeat(framed) || framed.frame.length === 0 || this.#isOldReceipt(framed)) continue
      if (!this.#writeUnseen(framed)) await this.#out.drained()
    }
    this.#busy = false
  }

  #next(): FramedBatch | CatchUp | undefined {
    const item = this.#queue?.shift()
    if (item === undefined) this.#queue = undefined
    else if (!('from' in item)) this.#queuedBytes -= item.frame.length
    return item
  }

  async #fill({ batch }: FramedBatch): Promise<boolean> {
    try {
      for (;;) {
        const known = this.#revisions?.get(batch.conversationId) ?? 0n
        if (known + 1n >= batch.firstRevision) return true
        const events = await this.#limits.fillGap({ tenantId: this.principal.tenantId, conversationId: batch.conversationId }, known)
        // The store may already have some of what the batch brings: it would be sent twice.
        const missing = events.filter(({ revision }) => revision < batch.firstRevision)
        if (missing.length === 0) throw new Error(`${batch.conversationId} has no revision ${known + 1n}`)
        await this.send({ events: missing })
      }
    } catch (error) {
      this.end(new ChatError('ENGINE_UNAVAILABLE', 'The stream lost its place. Subscribe again with the last cursor.', { cause: error }))
      return false
    }
  }

  #note({ events }: SubscribeResponse): void {
    for (const { conversationId, revision, kind } of events) {
      if (revision > 0n) this.#know(conversationId, revision)
      if (kind.case !== 'receipt') continue
      this.#keepReceipt(`${conversationId}/${kind.value.userId}`, kind.value)
    }
  }

  #keepReceipt(key: string, receipt: Receipt): void {
    this.#receipts ??= new Map()
    this.#receipts.set(key, receipt)
    if (this.#receipts.size > MAX_RECEIPTS) this.#receipts.delete(this.#receipts.keys().next().value!)
  }

  /** Receipts only rise, also for those who look on while a stream catches up. */
  #isOldReceipt({ batch, frame }: FramedBatch): boolean {
    if (batch.lastRevision !== 0n || this.#receipts === undefined) return false
    const { events } = fromBinary(SubscribeResponseSchema, frame)
    return events.every(
      ({ conversationId, kind }) => kind.case === 'receipt' && !this.#rises(`${conversationId}/${kind.value.userId}`, kind.value),
    )
  }

  /** From the first one that does, whoever hands it on looks after the order. */
  #rises(key: string, receipt: Receipt): boolean {
    const sent = this.#receipts?.get(key)
    if (sent !== undefined && !isAbove(receipt, sent)) return false
    this.#receipts?.delete(key)
    return true
  }

  /** A farewell that comes after something the user is not shown any more leaves the gap open. */
  #remember(framed: FramedBatch): void {
    const { batch } = framed
    if (batch.farewell) this.withhold(framed)
    const known = this.#revisions?.get(batch.conversationId)
    if (batch.farewell && batch.lastRevision > known! + 1n) return
    if (batch.lastRevision > 0n) this.#know(batch.conversationId, batch.lastRevision)
  }

  #know(conversationId: string, revision: bigint): void {
    this.#revisions ??= new Map()
    if (revision > (this.#revisions.get(conversationId) ?? 0n)) this.#revisions.set(conversationId, revision)
  }

  #write(frame: Uint8Array): boolean {
    this.active = true
    return this.#out.write(frame)
  }
}

function slowConsumer(): ChatError {
  return new ChatError('SLOW_CONSUMER', 'The stream was not read fast enough. Subscribe again with the last cursor: nothing is missed.', {
    retryAfterMs: 1_000,
  })
}
