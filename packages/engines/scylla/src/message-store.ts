import type { Logger } from '@chat4all/base'
import type { ConversationHead, ConversationKey, MessageStore, Partition } from '@chat4all/ports'
import type { CqlClient } from './cql/client.ts'
import { connectToKeyspace, type Keyspace } from './cql/keyspace.ts'
import { migrate } from './cql/migrate.ts'
import { createApply } from './message-store/apply.ts'
import { createChangedConversations } from './message-store/changed-conversations.ts'
import { changesAfter } from './message-store/changes.ts'
import { findConversation, toHead } from './message-store/conversation.ts'
import { createExpire } from './message-store/expire.ts'
import { createMemberReads } from './message-store/members.ts'
import { createMessageReads } from './message-store/messages.ts'
import { Progress } from './message-store/progress.ts'
import { createReceipts } from './message-store/receipts.ts'
import { migrations } from './message-store/schema.ts'
import { createVerify } from './message-store/verify.ts'

export interface ScyllaOptions extends Keyspace {
  readonly logger?: Logger
}

/** Opens the message store in a keyspace of a ScyllaDB or Cassandra cluster; creates what is missing there. */
export async function openScyllaMessageStore({ logger, ...keyspace }: ScyllaOptions): Promise<MessageStore> {
  const cql = await connectToKeyspace(keyspace)
  try {
    await migrate(cql, migrations)
  } catch (error) {
    await cql[Symbol.asyncDispose]()
    throw error
  }
  logger?.info({ keyspace: keyspace.keyspace, data_center: keyspace.localDataCenter }, 'opened the message store')
  return createStore(cql)
}

function createStore(cql: CqlClient): MessageStore {
  const progress = new Progress(cql)
  const head = async (key: ConversationKey): Promise<ConversationHead | undefined> => {
    const conversation = await findConversation(cql, key)
    return conversation && toHead(conversation)
  }
  return {
    refusesDuplicateIds: false,
    apply: createApply(cql, progress),
    checkpoint: (partition: Partition) => progress.checkpoint(partition),
    setCheckpoint: (partition: Partition, through: bigint) => progress.setCheckpoint(partition, through),
    settled: () => progress.settled(),
    heads: (keys) => Promise.all(keys.map(head)),
    changes: (key, afterRevision, limit) => changesAfter(cql, key, afterRevision, limit),
    changedConversations: createChangedConversations(cql),
    ...createMemberReads(cql),
    ...createMessageReads(cql),
    ...createReceipts(cql),
    verify: createVerify(cql),
    expireChanges: createExpire(cql, progress),
    [Symbol.asyncDispose]: () => cql[Symbol.asyncDispose](),
  }
}
