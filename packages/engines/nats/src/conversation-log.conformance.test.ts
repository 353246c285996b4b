import { silentLogger } from '@chat4all/base'
import { conversationLogConformance } from '@chat4all/ports/conformance'
import { NatsConversationLog } from './conversation-log.ts'
import { withServers } from './testing/with-servers.ts'

withServers({ size: 1 }, (test) =>
  conversationLogConformance('NATS', {
    open: async () => NatsConversationLog.open(await test.connect(), { partitions: 3, replicas: 1, logger: silentLogger }),
  }),
)
