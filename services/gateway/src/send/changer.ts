import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import { type Clock, newId } from '@chat4all/base'
import { LogRecordSchema } from '@chat4all/gen/chat4all/internal/v1/log_record_pb.js'
import type { Message } from '@chat4all/gen/chat4all/v1/message_pb.js'
import type { ConversationLog } from '@chat4all/ports'
import { currentTrace } from '@chat4all/rpc'
import { type MessageReader, type ReadableMessage, shownMessage } from '../message-reader.ts'
import type { Ordered } from '../ordered.ts'
import type { Admission } from './admission.ts'
import type { ConversationRate } from './conversation-rate.ts'
import { SCHEMA_VERSION } from './sent-message.ts'

type Kind = NonNullable<MessageInitShape<typeof LogRecordSchema>['kind']>

export interface ChangerDeps {
  readonly log: ConversationLog
  readonly clock: Clock
  readonly reader: MessageReader
  readonly ordered: Ordered
  readonly rate: ConversationRate
  readonly admission: Admission
}

/** Puts changes of messages (edits, deletions, reactions) into the log, and answers with the message as it stands then. */
export class Changer {
  readonly #deps: ChangerDeps

  constructor(deps: ChangerDeps) {
    this.#deps = deps
  }

  async change({ stored, access }: ReadableMessage, kind: Kind): Promise<Message> {
    const { tenantId, conversationId, messageId } = stored
    this.#deps.rate.take(conversationId, performance.now())
    const record = create(LogRecordSchema, {
      schemaVersion: SCHEMA_VERSION,
      tenantId,
      conversationId,
      timeMicros: BigInt(this.#deps.clock.now()) * 1000n,
      traceparent: currentTrace() ?? '',
      kind,
    })
    const entry = { conversationId, key: `${tenantId}:e:${newId()}`, record: toBinary(LogRecordSchema, record) }
    const { position } = await this.#deps.admission.run(() => this.#deps.log.append(access.partition, entry))
    await this.#deps.ordered.until(access.partition, position)
    const after = await this.#deps.reader.stored(tenantId, messageId)
    return shownMessage((after ?? stored).data)
  }
}
