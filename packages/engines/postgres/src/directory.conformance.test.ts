import { directoryConformance } from '@chat4all/ports/conformance'
import { engineMissing, PostgresServer } from '@chat4all/testkit'
import { afterAll, it } from 'vitest'
import { openPostgresDirectory } from './index.ts'

const missing = engineMissing('postgres')
if (missing) {
  it('keeps the contract of Directory', ({ skip }) => skip(missing))
} else {
  const server = await PostgresServer.start()
  directoryConformance('PostgreSQL', { open: () => openPostgresDirectory({ url: server.url }) })
  afterAll(() => server[Symbol.asyncDispose]())
}
