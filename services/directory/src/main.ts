import { createLogger, runProcess } from '@chat4all/base'
import { VERSION } from '@chat4all/mesh'
import { openNats } from '@chat4all/mesh/nats'
import { openPostgres } from '@chat4all/mesh/postgres'
import { readProcessConfig } from './process-config.ts'
import { startDirectoryServer } from './server.ts'

await runProcess('directory', async () => {
  const { config, engines, shown } = readProcessConfig(process.env)
  const logger = createLogger('directory', config.logLevel)
  await using starting = new AsyncDisposableStack()
  const directory = starting.use(await openPostgres(engines, logger))
  const { conversationLog: log, liveBus: bus } = starting.use(await openNats(engines, 'directory', logger))
  const { grpcPort, httpPort } = starting.use(await startDirectoryServer(config, { directory, log, bus }))
  logger.info({ version: VERSION, log_replicas: engines.CHAT4ALL_NATS_REPLICAS, grpcPort, httpPort, config: shown }, 'ready')
  return starting.move()
})
