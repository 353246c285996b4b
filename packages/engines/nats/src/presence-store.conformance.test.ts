import { silentLogger } from '@chat4all/base'
import { presenceStoreConformance } from '@chat4all/ports/conformance'
import { NatsPresenceStore } from './presence-store.ts'
import { withServers } from './testing/with-servers.ts'

withServers({ size: 1 }, (test) =>
  presenceStoreConformance('NATS', {
    open: async () => NatsPresenceStore.open(await test.connect(), { replicas: 1, ttlMs: 1_000, logger: silentLogger }),
  }),
)
