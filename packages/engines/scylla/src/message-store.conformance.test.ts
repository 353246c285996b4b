import { messageStoreConformance } from '@chat4all/ports/conformance'
import { engineMissing } from '@chat4all/testkit'
import { describe, it } from 'vitest'
import { migrationCases } from './cql/migrate-cases.ts'
import { interruptedCases } from './message-store/interrupted-cases.ts'
import { longConversationCases } from './message-store/long-conversation-cases.ts'
import { verifyCases } from './message-store/verify-cases.ts'
import { openScyllaMessageStore } from './message-store.ts'
import { useCassandra } from './testing/cassandra.ts'

const missing = engineMissing('cassandra')

describe('the message store on CQL', () => {
  if (missing) return void it('keeps the contract', ({ skip }) => skip(missing))
  const cassandra = useCassandra()
  messageStoreConformance('Apache Cassandra', () => openScyllaMessageStore(cassandra.keyspace('conformance')))
  describe('migrations', () => migrationCases(cassandra))
  describe('applying', () => interruptedCases(cassandra))
  describe('a conversation of many buckets', () => longConversationCases(cassandra))
  describe('a check of everything stored', () => verifyCases(cassandra))
})
