import { mkdir } from 'node:fs/promises'
import { createLogger, type Logger, systemClock } from '@chat4all/base'
import { bootstrap, createDirectoryService, keepCredentials } from '@chat4all/directory'
import { openEmbeddedEngines } from '@chat4all/engine-embedded'
import { createGatewayService, openFronts } from '@chat4all/gateway'
import { inMemoryTransport } from '@chat4all/rpc'
import { createSequencerService } from '@chat4all/sequencer'
import type { Config } from './config.ts'
import { credentialsFile } from './credentials-file.ts'

/** The whole platform in this process. */
export interface RunningServer extends AsyncDisposable {
  readonly grpcPort: number
  readonly httpPort: number
  /** This start created the first tenant and API client. */
  readonly firstStart: boolean
}

/** Composes every service on embedded engines. What starts later stands on what started before, and stops before it. */
export async function startServer(config: Config): Promise<RunningServer> {
  await using starting = new AsyncDisposableStack()
  const clock = systemClock
  const logger = (name: string): Logger => createLogger(name, config.logLevel)
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 })
  const engines = starting.use(await openEmbeddedEngines({ directory: config.dataDir, partitions: config.partitions }))
  const { conversationLog: log, messageStore: store, eventLog: events, liveBus: bus } = engines

  const credentials = await bootstrap(engines.directory, clock, (fresh) => keepCredentials(credentialsFile(config.dataDir), fresh))

  const directory = starting.use(
    createDirectoryService({ directory: engines.directory, log, bus, clock, logger: logger('directory'), config: config.directory }),
  )
  await directory.start()
  const sequencer = starting.use(createSequencerService({ log, store, events, bus, logger: logger('sequencer'), config: config.sequencer }))
  await sequencer.start()
  const transport = inMemoryTransport(directory.services)
  const gateway = starting.use(
    createGatewayService({ log, store, bus, directory: transport, clock, logger: logger('gateway'), config: config.gateway }),
  )
  await gateway.start()

  const fronts = starting.use(await openFronts(gateway, { ...config, logger: logger('rpc') }))
  const running = starting.move()
  return {
    grpcPort: fronts.grpcPort,
    httpPort: fronts.httpPort,
    firstStart: credentials !== undefined,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}
