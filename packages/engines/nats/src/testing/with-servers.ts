import { engineMissing, type NatsOptions, NatsServers } from '@chat4all/testkit'
import type { NatsConnection } from '@nats-io/nats-core'
import { afterAll, beforeAll, describe } from 'vitest'
import { connectNats } from '../connect.ts'

/** Servers for the tests of a block, and connections that are closed after it. */
export interface TestServers {
  readonly servers: NatsServers
  connect(): Promise<NatsConnection>
}

/** Starts real servers for a block of tests, or says why it is skipped. */
export function withServers(options: NatsOptions, tests: (test: TestServers) => void): void {
  const missing = engineMissing('nats')
  describe.skipIf(missing !== undefined)(missing ?? `${options.size} of NATS`, () => {
    const connections: NatsConnection[] = []
    let servers: NatsServers
    beforeAll(async () => {
      servers = await NatsServers.start(options)
    }, 60_000)
    afterAll(async () => {
      await Promise.all(connections.map((connection) => connection.close()))
      await servers?.[Symbol.asyncDispose]()
    })
    tests({
      get servers() {
        return servers
      },
      async connect() {
        const connection = await connectNats(servers.urls, 'test')
        connections.push(connection)
        return connection
      },
    })
  })
}
