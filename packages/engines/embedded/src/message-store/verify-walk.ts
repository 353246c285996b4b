import { fromBinary } from '@bufbuild/protobuf'
import { uuidFromBytes } from '@chat4all/base/ids'
import { IntegrityDefect } from '@chat4all/gen/chat4all/v1/admin_service_pb.js'
import { type Message, MessageSchema } from '@chat4all/gen/chat4all/v1/message_pb.js'
import type { IntegrityFinding } from '@chat4all/ports'
import { larger } from './bigint.ts'
import type { Conversation } from './conversation.ts'

/** How far a walk over the rows of a conversation is. */
export interface Place {
  readonly sequence: bigint
  readonly revision: bigint
  readonly position: bigint
}

export const BEGINNING: Place = { sequence: 0n, revision: 0n, position: 0n }

/** A message as the walk sees it. */
export interface WalkedMessage {
  readonly sequence: bigint
  readonly messageId: Uint8Array
  readonly revision: bigint
  readonly position: bigint
  readonly from: string
  readonly data: Uint8Array
}

/** A durable change that is no new message, as the walk sees it. */
export interface WalkedChange {
  readonly revision: bigint
  readonly sequenceAt: bigint
  readonly position: bigint
  /** null: this and everything before it expired. */
  readonly at: bigint | null
}

/** Goes over the rows of a conversation in the order of their revisions, and says what does not fit. */
export class Walk {
  readonly findings: IntegrityFinding[] = []
  readonly #conversation: Conversation
  #place: Place

  constructor(conversation: Conversation, from: Place) {
    this.#conversation = conversation
    this.#place = from
  }

  get place(): Place {
    return this.#place
  }

  report(defect: IntegrityDefect, number: bigint, detail: string): void {
    const { tenantId, conversationId } = this.#conversation
    this.findings.push({ tenantId, conversationId, defect, number, detail })
  }

  message(message: WalkedMessage): void {
    this.#checkContent(message)
    const { sequence, revision, position } = this.#place
    if (message.sequence === sequence) {
      this.report(
        IntegrityDefect.SEQUENCE_DUPLICATE,
        sequence,
        `another message with sequence ${sequence}: ${uuidFromBytes(message.messageId)}`,
      )
      return
    }
    if (message.sequence > sequence + 1n)
      this.report(IntegrityDefect.SEQUENCE_GAP, sequence + 1n, `after sequence ${sequence} comes ${message.sequence}`)
    this.#checkPosition(message.position, `message ${message.sequence}`, message.sequence)
    const created = revision + message.sequence - sequence
    if (message.revision < created)
      this.report(
        IntegrityDefect.REVISION_GAP,
        created,
        `message ${message.sequence} came with revision ${created} and has ${message.revision}`,
      )
    this.#place = { sequence: message.sequence, revision: created, position: larger(message.position, position) }
  }

  change({ revision, position, at }: WalkedChange): void {
    const expected = this.#place.revision + 1n
    if (at !== null && revision !== expected)
      this.report(
        IntegrityDefect.REVISION_GAP,
        expected < revision ? expected : revision,
        `revision ${expected} should follow, not ${revision}`,
      )
    this.#checkPosition(position, `the change of revision ${revision}`, revision)
    this.#place = { ...this.#place, revision, position: larger(position, this.#place.position) }
  }

  /** After the last row. */
  end(): void {
    const { sequence, revision, position } = this.#conversation
    const last = this.#place
    if (sequence > last.sequence)
      this.report(
        IntegrityDefect.SEQUENCE_GAP,
        last.sequence + 1n,
        `the head says ${sequence}, the last message has sequence ${last.sequence}`,
      )
    if (revision > last.revision)
      this.report(
        IntegrityDefect.REVISION_GAP,
        last.revision + 1n,
        `the head says ${revision}, the last change has revision ${last.revision}`,
      )
    if (sequence !== last.sequence || revision !== last.revision || position < last.position)
      this.report(IntegrityDefect.HEAD_MISMATCH, last.sequence, `head ${show(this.#conversation)}, rows ${show(last)}`)
  }

  #checkPosition(position: bigint, what: string, number: bigint): void {
    if (position <= this.#place.position)
      this.report(IntegrityDefect.ORDER_MISMATCH, number, `${what} has log position ${position}, the row before it ${this.#place.position}`)
  }

  #checkContent({ sequence, messageId, revision, from, data }: WalkedMessage): void {
    const message = decode(data)
    const { conversationId } = this.#conversation
    const expected = `${uuidFromBytes(messageId)} in ${conversationId}, sequence ${sequence}, revision ${revision}, from ${from}`
    const found = message
      ? `${message.messageId} in ${message.conversationId}, sequence ${message.sequence}, revision ${message.revision}, from ${message.from}`
      : `${data.length} bytes that are no message`
    if (found !== expected) this.report(IntegrityDefect.CONTENT_CORRUPT, sequence, `row: ${expected}; content: ${found}`)
  }
}

function decode(data: Uint8Array): Message | undefined {
  try {
    return fromBinary(MessageSchema, data)
  } catch {
    return undefined
  }
}

function show({ sequence, revision, position }: Place): string {
  return `sequence ${sequence}, revision ${revision}, position ${position}`
}
