import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import {
  GatewayHelloSchema,
  type Invalidation,
  InvalidationAckSchema,
  InvalidationSchema,
} from '@chat4all/gen/chat4all/internal/v1/live_batch_pb.js'
import type { LiveBus, Unsubscribe } from '@chat4all/ports'

/** How often a gateway says that it is there. The directory forgets it after three. */
const HELLO_MS = 1_000

/** Takes in what the directory declares invalid, and says so: the directory acknowledges a change only then. */
export class Invalidations {
  readonly #bus: LiveBus
  readonly #gatewayId: string
  #unsubscribe: Unsubscribe = () => {}
  #hello: NodeJS.Timeout | undefined

  constructor(bus: LiveBus, gatewayId: string) {
    this.#bus = bus
    this.#gatewayId = gatewayId
  }

  /** Calls `take`, which must have its effect before it returns, for every invalidation from now on. */
  async start(take: (invalidation: Invalidation) => void): Promise<void> {
    this.#unsubscribe = await this.#bus.subscribe('ctl.invalidations', (payload) => {
      const invalidation = fromBinary(InvalidationSchema, payload)
      take(invalidation)
      this.#ack(invalidation.invalidationId)
    })
    this.#sayHello(false)
    this.#hello = setInterval(() => this.#sayHello(false), HELLO_MS)
  }

  stop(): void {
    clearInterval(this.#hello)
    this.#unsubscribe()
    this.#sayHello(true)
  }

  #ack(invalidationId: string): void {
    const ack = create(InvalidationAckSchema, { invalidationId, gatewayId: this.#gatewayId })
    this.#bus.publish(['ctl.acks'], toBinary(InvalidationAckSchema, ack))
  }

  #sayHello(leaving: boolean): void {
    this.#bus.publish(['ctl.gateways'], toBinary(GatewayHelloSchema, create(GatewayHelloSchema, { gatewayId: this.#gatewayId, leaving })))
  }
}
