import { EventEmitter, once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { ChatError } from '@chat4all/base'
import { Health as HealthService, HealthCheckResponse_ServingStatus as Status } from '@chat4all/gen/grpc/health/v1/health_pb.js'
import { type RpcService, rpcService } from './handler.ts'

/** The gRPC health protocol (grpc.health.v1), for load balancers and orchestrators. The empty name stands for the whole server. */
export class Health {
  readonly service: RpcService
  readonly #statuses: Map<string, Status>
  readonly #changes = new EventEmitter().setMaxListeners(0)

  /** Nothing is serving until it is set so. */
  constructor(services: readonly RpcService[]) {
    const names = ['', ...services.map(({ service }) => service.typeName)]
    this.#statuses = new Map(names.map((name) => [name, Status.NOT_SERVING]))
    this.service = { ...rpcService(HealthService, this.#handlers()), open: true }
  }

  /** Sets one service, or the server and all of its services. */
  set(serving: boolean, name?: string): void {
    for (const key of name === undefined ? this.#statuses.keys() : [name]) {
      this.#statuses.set(key, serving ? Status.SERVING : Status.NOT_SERVING)
    }
    this.#changes.emit('change')
  }

  /** Nothing serves any more. Resolves when those who watch have been told, so that their streams may end. */
  async stop(): Promise<void> {
    this.set(false)
    await setImmediate()
  }

  /** Whether the server as a whole is serving. */
  get serving(): boolean {
    return this.#statuses.get('') === Status.SERVING
  }

  #handlers(): Parameters<typeof rpcService<typeof HealthService>>[1] {
    return {
      check: async ({ service }) => {
        const status = this.#statuses.get(service)
        if (status === undefined) throw new ChatError('METHOD_NOT_FOUND', `This server has no service ${JSON.stringify(service)}.`)
        return { status }
      },
      list: async () => ({ statuses: Object.fromEntries([...this.#statuses].map(([name, status]) => [name, { status }])) }),
      watch: async ({ service }, { signal }, out) => {
        let sent: Status | undefined
        while (!signal.aborted) {
          const status = this.#statuses.get(service) ?? Status.SERVICE_UNKNOWN
          if (status === sent) await once(this.#changes, 'change', { signal })
          else await out.send({ status })
          sent = status
        }
      },
    }
  }
}
