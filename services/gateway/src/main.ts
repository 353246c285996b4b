import { createLogger, runProcess } from '@chat4all/base'
import { VERSION } from '@chat4all/mesh'
import { openNats } from '@chat4all/mesh/nats'
import { openScylla } from '@chat4all/mesh/scylla'
import { readProcessConfig } from './process-config.ts'
import { startGatewayServer } from './server.ts'

await runProcess('gateway', async () => {
  const { config, engines, shown } = readProcessConfig(process.env)
  const logger = createLogger('gateway', config.logLevel)
  await using starting = new AsyncDisposableStack()
  const store = starting.use(await openScylla(engines, logger))
  const { conversationLog: log, liveBus: bus } = starting.use(await openNats(engines, 'gateway', logger))
  const { grpcPort, httpPort } = starting.use(await startGatewayServer(config, { log, store, bus }))
  logger.info({ version: VERSION, log_replicas: engines.CHAT4ALL_NATS_REPLICAS, grpcPort, httpPort, config: shown }, 'ready')
  return starting.move()
})
