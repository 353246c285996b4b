import { liveBusConformance } from '@chat4all/ports/conformance'
import { NatsLiveBus } from './live-bus.ts'
import { withServers } from './testing/with-servers.ts'

withServers({ size: 1 }, (test) => liveBusConformance('NATS', { open: async () => NatsLiveBus.open(await test.connect()) }))
