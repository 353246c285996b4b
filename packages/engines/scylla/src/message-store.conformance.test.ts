import { messageStoreConformance } from '@chat4all/ports/conformance'
import { engineMissing } from '@chat4all/testkit'
import { describe, it } from 'vitest'
import { openScyllaMessageStore } from './message-store.ts'
import { useCassandra } from './testing/cassandra.ts'
import { interruptedCases } from './testing/interrupted-cases.ts'
import { longConversationCases } from './testing/long-conversation-cases.ts'
import { migrationCases } from './testing/migrate-cases.ts'
import { verifyCases } from './testing/verify-cases.ts'

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
