import { CqlServer } from '@chat4all/testkit'
import { afterAll, beforeAll, vi } from 'vitest'
import type { Keyspace } from '../cql/keyspace.ts'

/** A node for the tests of one file. */
export interface Cassandra {
  readonly server: CqlServer
  /** A keyspace for one group of tests. */
  keyspace(name: string): Keyspace
}

/** Starts a node before the tests of a file. Making a keyspace with its tables takes seconds, and more on a busy machine: hooks get the time. */
export function useCassandra(): Cassandra {
  vi.setConfig({ hookTimeout: 150_000 })
  let server: CqlServer
  beforeAll(async () => {
    server = await CqlServer.start()
  })
  afterAll(() => server[Symbol.asyncDispose]())
  return {
    get server() {
      return server
    },
    keyspace: (keyspace) => {
      const { contactPoint, localDataCenter } = server
      return { contactPoints: [contactPoint], localDataCenter, keyspace, replication: { [localDataCenter]: 1 } }
    },
  }
}
