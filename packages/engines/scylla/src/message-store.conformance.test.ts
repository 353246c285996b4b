import { messageStoreConformance } from '@chat4all/ports/conformance'
import { CqlServer, engineMissing } from '@chat4all/testkit'
import { afterAll, describe, test } from 'vitest'
import { openScyllaMessageStore } from './message-store.ts'

const missing = engineMissing('cassandra')

if (missing !== undefined) describe(`MessageStore on CQL`, () => test.skip(missing))
else {
  const server = await CqlServer.start()
  const { contactPoint, localDataCenter } = server
  messageStoreConformance('CQL', () =>
    openScyllaMessageStore({
      contactPoints: [contactPoint],
      localDataCenter,
      keyspace: 'message_store_conformance',
      replication: { [localDataCenter]: 1 },
    }),
  )
  afterAll(() => server[Symbol.asyncDispose]())
}
