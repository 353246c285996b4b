import { silentLogger } from '@chat4all/base'
import { workQueueConformance } from '@chat4all/ports/conformance'
import { withServers } from './testing/with-servers.ts'
import { NatsWorkQueue } from './work-queue.ts'

withServers({ size: 1 }, (test) =>
  workQueueConformance('NATS', { open: async () => NatsWorkQueue.open(await test.connect(), { replicas: 1, logger: silentLogger }) }),
)
