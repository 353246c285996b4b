import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import { type Clock, newId } from '@chat4all/base'
import { GatewayHelloSchema, InvalidationAckSchema, InvalidationSchema } from '@chat4all/gen/chat4all/internal/v1/live_batch_pb.js'
import type { LiveBus, Unsubscribe } from '@chat4all/ports'

const GATEWAYS = 'ctl.gateways'
const INVALIDATIONS = 'ctl.invalidations'
const ACKS = 'ctl.acks'

/** For this long a gateway may rely on what it was told: nobody has to be waited for longer. */
const LEASE_MS = 2000
/** A gateway that was silent for so long is gone. */
const SILENCE_MS = 3000

/** What became invalid: one case of chat4all.internal.v1.Invalidation. */
export type Invalid = NonNullable<MessageInitShape<typeof InvalidationSchema>['kind']>

interface Waiting {
  /** Gateways that have not answered. */
  readonly missing: Set<string>
  readonly done: () => void
}

/** Tells all gateways that something they may have cached holds no longer, and waits until they have taken it in.
 *
 *  Gateways make themselves known by their heartbeats, and by acknowledging anything: the empty invalidation at the start
 *  is a roll call for those that were there before this process. */
export class Invalidations implements Disposable {
  readonly #bus: LiveBus
  readonly #clock: Clock
  /** When each gateway was heard last. */
  readonly #gateways = new Map<string, number>()
  readonly #waiting = new Map<string, Waiting>()
  #subscriptions: readonly Unsubscribe[] = []

  constructor(deps: { readonly bus: LiveBus; readonly clock: Clock }) {
    this.#bus = deps.bus
    this.#clock = deps.clock
  }

  async start(): Promise<void> {
    this.#subscriptions = await Promise.all([
      this.#bus.subscribe(GATEWAYS, (payload) => this.#hello(payload)),
      this.#bus.subscribe(ACKS, (payload) => this.#acknowledged(payload)),
    ])
    await this.#announce('', { case: undefined })
  }

  /** Resolves when every known gateway has acknowledged, or when what they were told before has run out. */
  invalidate(tenantId: string, kind: Invalid): Promise<void> {
    return this.#announce(tenantId, kind)
  }

  [Symbol.dispose](): void {
    for (const unsubscribe of this.#subscriptions) unsubscribe()
    for (const { done } of this.#waiting.values()) done()
  }

  #announce(tenantId: string, kind: Invalid): Promise<void> {
    const invalidationId = newId()
    const acknowledged = this.#wait(invalidationId)
    this.#bus.publish([INVALIDATIONS], toBinary(InvalidationSchema, create(InvalidationSchema, { invalidationId, tenantId, kind })))
    return acknowledged
  }

  /** Must run before the publishing: gateways of the same process answer at once. */
  #wait(invalidationId: string): Promise<void> {
    const missing = this.#presentGateways()
    if (missing.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        this.#waiting.delete(invalidationId)
        resolve()
      }
      const timer = setTimeout(done, LEASE_MS)
      this.#waiting.set(invalidationId, { missing, done })
    })
  }

  #presentGateways(): Set<string> {
    const silentSince = this.#clock.now() - SILENCE_MS
    for (const [gatewayId, heardAt] of this.#gateways) {
      if (heardAt <= silentSince) this.#gateways.delete(gatewayId)
    }
    return new Set(this.#gateways.keys())
  }

  #hello(payload: Uint8Array): void {
    const { gatewayId, leaving } = fromBinary(GatewayHelloSchema, payload)
    if (!leaving) {
      this.#gateways.set(gatewayId, this.#clock.now())
      return
    }
    this.#gateways.delete(gatewayId)
    for (const waiting of this.#waiting.values()) strike(waiting, gatewayId)
  }

  #acknowledged(payload: Uint8Array): void {
    const { invalidationId, gatewayId } = fromBinary(InvalidationAckSchema, payload)
    this.#gateways.set(gatewayId, this.#clock.now())
    const waiting = this.#waiting.get(invalidationId)
    if (waiting) strike(waiting, gatewayId)
  }
}

function strike({ missing, done }: Waiting, gatewayId: string): void {
  if (missing.delete(gatewayId) && missing.size === 0) done()
}
