import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import {
  GatewayHelloSchema,
  type Invalidation,
  InvalidationAckSchema,
  InvalidationSchema,
} from '@chat4all/gen/chat4all/internal/v1/live_batch_pb.js'
import type { LiveBus } from '@chat4all/ports'

/** A gateway as the directory sees it: it says hello, and acknowledges what it is told, unless it is stuck. */
export class FakeGateway {
  readonly taken: Invalidation[] = []
  stuck = false
  readonly #bus: LiveBus
  readonly #gatewayId: string

  constructor(bus: LiveBus, gatewayId: string) {
    this.#bus = bus
    this.#gatewayId = gatewayId
  }

  async start(): Promise<this> {
    await this.#bus.subscribe('ctl.invalidations', (payload) => {
      if (this.stuck) return
      const invalidation = fromBinary(InvalidationSchema, payload)
      this.taken.push(invalidation)
      this.acknowledge(invalidation.invalidationId)
    })
    this.hello()
    return this
  }

  hello(leaving = false): void {
    const hello = create(GatewayHelloSchema, { gatewayId: this.#gatewayId, leaving })
    this.#bus.publish(['ctl.gateways'], toBinary(GatewayHelloSchema, hello))
  }

  acknowledge(invalidationId: string): void {
    const ack = create(InvalidationAckSchema, { invalidationId, gatewayId: this.#gatewayId })
    this.#bus.publish(['ctl.acks'], toBinary(InvalidationAckSchema, ack))
  }

  /** The cases of what it was told, without roll calls. */
  get told(): readonly string[] {
    return this.taken.flatMap(({ kind }) => kind.case ?? [])
  }
}
