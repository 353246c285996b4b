import { fromBinary } from '@bufbuild/protobuf'
import { IntegrityDefect } from '@chat4all/gen/chat4all/v1/admin_service_pb.js'
import { type Message, MessageSchema } from '@chat4all/gen/chat4all/v1/message_pb.js'
import type { IntegrityFinding, StoredMessage } from '@chat4all/ports'
import type { CqlClient } from '../cql/client.ts'
import { type ChangeColumns, CONVERSATION, CREATED, readChanges, UPDATED } from './changes.ts'
import type { Conversation } from './conversation.ts'
import type { Member } from './members.ts'
import { findMessage, positionsOf, readMessages, readMessagesAt } from './messages.ts'

/** How far a walk over the rows of a conversation is. In the order in which cursors list the numbers. */
export interface Place {
  readonly sequence: bigint
  readonly sequencePosition: bigint
  readonly revision: bigint
  readonly revisionPosition: bigint
  /** Sequence of the last creation among the changes; 0: none yet. */
  readonly created: bigint
}

export const BEGINNING: Place = { sequence: 0n, sequencePosition: 0n, revision: 0n, revisionPosition: 0n, created: 0n }

/** Rows looked at together. */
const STEP = 250n

/** Goes over the messages of a conversation, then over its changes that are not expired, and says what does not fit. */
export class Walk {
  readonly findings: IntegrityFinding[] = []
  messages = 0
  rows = 0
  done = false
  place: Place
  readonly #cql: CqlClient
  readonly #conversation: Conversation
  readonly #members: readonly Member[]

  constructor(
    cql: CqlClient,
    { conversation, members }: { readonly conversation: Conversation; readonly members: readonly Member[] },
    from: Place,
  ) {
    this.#cql = cql
    this.#conversation = conversation
    this.#members = members
    this.place = from
  }

  /** Looks at no more than about so many rows. */
  async go(limit: number): Promise<void> {
    const { sequence, revision, changesFloor } = this.#conversation
    while (this.place.sequence < sequence && this.rows < limit) await this.#checkMessages(sequence)
    if (this.place.sequence < sequence) return
    if (this.place.revision < changesFloor) this.place = { ...this.place, revision: changesFloor }
    while (this.place.revision < revision && this.rows < limit) await this.#checkChanges(revision)
    if (this.place.revision < revision) return
    await this.#checkHead()
    this.#checkReceipts()
    this.done = true
  }

  #report(defect: IntegrityDefect, number: bigint, detail: string): void {
    const { tenantId, conversationId } = this.#conversation
    this.findings.push({ tenantId, conversationId, defect, number, detail })
  }

  async #checkMessages(last: bigint): Promise<void> {
    const [from, to] = step(this.place.sequence, last)
    const [messages, positions] = await Promise.all([
      readMessages(this.#cql, this.#conversation, from, to),
      positionsOf(this.#cql, this.#conversation, from, to),
    ])
    const bySequence = new Map(messages.map((message) => [message.sequence, message]))
    for (let sequence = from; sequence <= to; sequence++) {
      const message = bySequence.get(sequence)
      if (message) this.#checkMessage(message, positions.get(sequence) ?? 0n)
      else this.#report(IntegrityDefect.SEQUENCE_GAP, sequence, `there is no message ${sequence}`)
    }
    await Promise.all(messages.map((message) => this.#checkId(message)))
    await this.#checkLastChanges(messages)
    this.messages += messages.length
    this.rows += Number(to - from) + 1
    this.place = { ...this.place, sequence: to }
  }

  #checkMessage(message: StoredMessage, position: bigint): void {
    const { sequencePosition } = this.place
    const { sequence } = message
    if (position <= sequencePosition)
      this.#report(IntegrityDefect.ORDER_MISMATCH, sequence, `message ${sequence} has log position ${position} after ${sequencePosition}`)
    else this.place = { ...this.place, sequencePosition: position }
    const [expected, found] = [describe(message), describeContent(message.data)]
    if (found !== expected) this.#report(IntegrityDefect.CONTENT_CORRUPT, sequence, `row: ${expected}; content: ${found}`)
  }

  async #checkId({ tenantId, conversationId, sequence, messageId }: StoredMessage): Promise<void> {
    const place = await findMessage(this.#cql, tenantId, messageId)
    if (place?.conversation_id === conversationId && place.sequence === sequence) return
    const held = place ? `${place.sequence} of conversation ${place.conversation_id}` : 'not found by its id'
    this.#report(IntegrityDefect.MESSAGE_ID_DUPLICATE, sequence, `message ${messageId} is also ${held}`)
  }

  /** The change that each message names as its last one is a change of that message. */
  async #checkLastChanges(messages: readonly StoredMessage[]): Promise<void> {
    const { revision: last, changesFloor } = this.#conversation
    const check = async ({ sequence, revision }: StoredMessage) => {
      if (revision <= changesFloor || revision > last) return
      const [change] = await readChanges(this.#cql, this.#conversation, revision, revision)
      if (change?.sequence !== sequence)
        this.#report(IntegrityDefect.REVISION_GAP, revision, `message ${sequence} has revision ${revision}, which is no change of it`)
    }
    await Promise.all(messages.map(check))
  }

  async #checkChanges(last: bigint): Promise<void> {
    const [from, to] = step(this.place.revision, last)
    const changes = await readChanges(this.#cql, this.#conversation, from, to)
    const byRevision = new Map(changes.map((change) => [change.revision, change]))
    for (let revision = from; revision <= to; revision++) {
      const change = byRevision.get(revision)
      if (change) this.#checkChange(change)
      else this.#report(IntegrityDefect.REVISION_GAP, revision, `there is no change of revision ${revision}`)
    }
    await this.#checkUpdated(changes.filter(({ kind }) => kind === UPDATED))
    this.rows += Number(to - from) + 1
    this.place = { ...this.place, revision: to }
  }

  #checkChange({ revision, kind, position, sequence }: ChangeColumns): void {
    const { revisionPosition, created } = this.place
    if (position <= revisionPosition)
      this.#report(IntegrityDefect.ORDER_MISMATCH, revision, `revision ${revision} has log position ${position} after ${revisionPosition}`)
    else this.place = { ...this.place, revisionPosition: position }
    if (kind === CONVERSATION || sequence === null) return
    if (kind !== CREATED) return
    if (created > 0n && sequence !== created + 1n)
      this.#report(IntegrityDefect.REVISION_GAP, revision, `revision ${revision} creates message ${sequence} after ${created}`)
    this.place = { ...this.place, created: sequence }
  }

  async #checkUpdated(changes: readonly ChangeColumns[]): Promise<void> {
    const sequences = changes.map(({ sequence }) => sequence ?? 0n)
    const messages = await readMessagesAt(this.#cql, this.#conversation, sequences)
    const revisions = new Map(messages.map(({ sequence, revision }) => [sequence, revision]))
    for (const { sequence, revision } of changes)
      if ((revisions.get(sequence ?? 0n) ?? 0n) < revision)
        this.#report(IntegrityDefect.REVISION_GAP, revision, `message ${sequence} lacks its change of revision ${revision}`)
  }

  /** Nothing at or below the head's position may lie beyond the head. */
  async #checkHead(): Promise<void> {
    const { sequence, revision, position } = this.#conversation
    const { created, sequencePosition, revisionPosition } = this.place
    const [next] = await readChanges(this.#cql, this.#conversation, revision + 1n, revision + 1n)
    const isBehind = position < sequencePosition || position < revisionPosition || (next !== undefined && next.position <= position)
    if (isBehind || (created > 0n && created !== sequence))
      this.#report(
        IntegrityDefect.HEAD_MISMATCH,
        sequence,
        `head: sequence ${sequence}, revision ${revision}, position ${position}; rows: sequence ${created}, positions ${sequencePosition} and ${revisionPosition}`,
      )
  }

  #checkReceipts(): void {
    const last = this.#conversation.sequence
    for (const { receipt } of this.#members) {
      const { userId, deliveredThrough, readThrough } = receipt
      if (0n <= readThrough && readThrough <= deliveredThrough && deliveredThrough <= last) continue
      const detail = `${userId}: read ${readThrough}, delivered ${deliveredThrough}, last ${last}`
      this.#report(IntegrityDefect.RECEIPT_INVALID, deliveredThrough, detail)
    }
  }
}

function step(after: bigint, last: bigint): [bigint, bigint] {
  return [after + 1n, after + STEP < last ? after + STEP : last]
}

function describe({
  messageId,
  conversationId,
  sequence,
  revision,
  from,
}: Pick<Message, 'messageId' | 'conversationId' | 'sequence' | 'revision' | 'from'>): string {
  return `${messageId} in ${conversationId}, sequence ${sequence}, revision ${revision}, from ${from}`
}

function describeContent(data: Uint8Array): string {
  try {
    return describe(fromBinary(MessageSchema, data))
  } catch {
    return `${data.length} bytes that are no message`
  }
}
