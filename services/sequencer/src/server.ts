import { createLogger } from '@chat4all/base'
import { Health, healthRoutes, startHttpServer } from '@chat4all/rpc'
import type { SequencerProcessConfig } from './process-config.ts'
import { createSequencerService, type SequencerDeps } from './service.ts'

/** A sequencer, and the port that tells its health. */
export interface SequencerServer extends AsyncDisposable {
  readonly httpPort: number
}

type Engines = Pick<SequencerDeps, 'log' | 'store' | 'events' | 'bus'>

/** A sequencer in this process. The engines stay the caller's to dispose of. */
export async function startSequencerServer(config: SequencerProcessConfig, engines: Engines): Promise<SequencerServer> {
  await using starting = new AsyncDisposableStack()
  const health = new Health([])
  const options = { services: [health.service], routes: healthRoutes(health), host: config.host, port: config.httpPort }
  // Before the sequencer, and so stopped after it: its partitions are waiting for the next owner.
  const http = starting.use(await startHttpServer(options))
  const logger = createLogger('sequencer', config.logLevel)
  const sequencer = starting.use(createSequencerService({ ...engines, logger, config: config.sequencer }))
  await sequencer.start()
  starting.defer(() => health.stop())
  health.set(true)
  const running = starting.move()
  return { httpPort: http.port, [Symbol.asyncDispose]: () => running.disposeAsync() }
}
