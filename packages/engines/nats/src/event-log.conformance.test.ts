import { silentLogger } from '@chat4all/base'
import { eventLogConformance } from '@chat4all/ports/conformance'
import { NatsEventLog } from './event-log.ts'
import { withServers } from './testing/with-servers.ts'

withServers({ size: 1 }, (test) =>
  eventLogConformance('NATS', {
    open: async () => NatsEventLog.open(await test.connect(), { partitions: 2, replicas: 1, logger: silentLogger }),
  }),
)
