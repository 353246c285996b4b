import { fromBinary, toBinary } from '@bufbuild/protobuf'
import { encodeParts } from '@chat4all/base'
import { type LiveBatch, LiveBatchSchema } from '@chat4all/gen/chat4all/internal/v1/live_batch_pb.js'
import { SubscribeResponseSchema } from '@chat4all/gen/chat4all/v1/live_service_pb.js'
import type { Partition } from '@chat4all/ports'
import { type Cursor, encodeCursor } from '../sync/cursor.ts'
import { ReceiptMarks } from './receipt-marks.ts'

const CURSOR = SubscribeResponseSchema.field.cursor.number

/** A batch as it goes to subscribers: one frame, shared by all of them. */
export interface FramedBatch {
  readonly batch: LiveBatch
  /** An encoded SubscribeResponse. */
  readonly frame: Uint8Array
}

/** Decodes batches and frames them with the cursor that follows from them.
 *
 *  The cursor is the gateway's, not the subscriber's: batches of a partition arrive in order, and the last one of a commit
 *  says up to where everything has been published: by then every subscriber has been handed it. Batches before it carry
 *  the position of the commit before, since they do not tell what their neighbours bring. */
export class BatchFramer {
  /** Up to where everything has been handed on, by partition. */
  readonly #positions = new Map<Partition, bigint>()
  /** What positions would be, were nothing missing. */
  #held: Map<Partition, bigint> | undefined
  readonly #nowMicros: () => bigint
  readonly #receiptMarks = new ReceiptMarks()
  #lastPayload: Uint8Array | undefined
  #lastFramed: FramedBatch | undefined

  constructor(nowMicros: () => bigint) {
    this.#nowMicros = nowMicros
  }

  /** A batch for many users arrives once for each: it is decoded and framed once. */
  frame(payload: Uint8Array): FramedBatch {
    if (payload === this.#lastPayload && this.#lastFramed !== undefined) return this.#lastFramed
    const batch = fromBinary(LiveBatchSchema, payload)
    this.raise(batch.partition, batch.publishedThrough)
    this.#lastPayload = payload
    this.#lastFramed = this.#framed(batch)
    return this.#lastFramed
  }

  #framed(batch: LiveBatch): FramedBatch {
    if (batch.response.length === 0) return { batch, frame: batch.response }
    const response = batch.lastRevision === 0n ? this.#lifted(batch) : batch.response
    return { batch, frame: appendCursor(response, this.cursor()) }
  }

  /** A batch without revisions brings receipts. */
  #lifted({ tenantId, response }: LiveBatch): Uint8Array {
    const decoded = fromBinary(SubscribeResponseSchema, response)
    return toBinary(SubscribeResponseSchema, { ...decoded, events: this.#receiptMarks.lift(tenantId, decoded.events) })
  }

  /** Notes that everything up to a position has been handed on. */
  raise(partition: Partition, position: bigint): void {
    const positions = this.#held ?? this.#positions
    if (position > (positions.get(partition) ?? 0n)) positions.set(partition, position)
  }

  /** Something may be missing from now on: no cursor goes beyond it. */
  hold(): void {
    this.#held ??= new Map(this.#positions)
  }

  /** What may have been missed is read again, by who stands at the position before this. */
  release(): void {
    for (const [partition, position] of this.#held ?? []) this.#positions.set(partition, position)
    this.#held = undefined
  }

  /** Where everybody stands who was handed everything that arrived. */
  position(): Cursor {
    return { positions: new Map(this.#positions), receiptsSince: this.#nowMicros() }
  }

  cursor(): string {
    return encodeCursor({ positions: this.#positions, receiptsSince: this.#nowMicros() })
  }
}

/** Adds the cursor to an encoded SubscribeResponse. */
function appendCursor(response: Uint8Array, cursor: string): Uint8Array {
  return encodeParts([response, [CURSOR, cursor]])
}
