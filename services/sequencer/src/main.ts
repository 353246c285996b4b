import { createLogger, runProcess } from '@chat4all/base'
import { VERSION } from '@chat4all/mesh'
import { openNats } from '@chat4all/mesh/nats'
import { openScylla } from '@chat4all/mesh/scylla'
import { readProcessConfig } from './process-config.ts'
import { startSequencerServer } from './server.ts'

await runProcess('sequencer', async () => {
  const { config, engines, shown } = readProcessConfig(process.env)
  const logger = createLogger('sequencer', config.logLevel)
  await using starting = new AsyncDisposableStack()
  const store = starting.use(await openScylla(engines, logger))
  const { conversationLog: log, eventLog: events, liveBus: bus } = starting.use(await openNats(engines, 'sequencer', logger))
  const { httpPort } = starting.use(await startSequencerServer(config, { log, store, events, bus }))
  logger.info({ version: VERSION, log_replicas: engines.CHAT4ALL_NATS_REPLICAS, httpPort, config: shown }, 'ready')
  return starting.move()
})
