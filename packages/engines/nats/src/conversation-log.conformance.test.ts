import { silentLogger } from '@chat4all/base'
import { conversationLogConformance } from '@chat4all/ports/conformance'
import { engineMissing, NatsServers } from '@chat4all/testkit'
import { afterAll, beforeAll, describe } from 'vitest'
import { connectNats } from './connect.ts'
import { NatsConversationLog } from './conversation-log.ts'

const missing = engineMissing('nats')

describe.skipIf(missing !== undefined)(missing ?? 'with a server', () => {
  let servers: NatsServers
  beforeAll(async () => {
    servers = await NatsServers.start({ size: 1 })
  })
  afterAll(() => servers[Symbol.asyncDispose]())

  conversationLogConformance('NATS', {
    open: async () => {
      const connection = await connectNats(servers.urls, 'conformance')
      return NatsConversationLog.open(connection, { partitions: 3, replicas: 1, logger: silentLogger })
    },
  })
})
