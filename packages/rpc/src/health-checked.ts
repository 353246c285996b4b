import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import {
  Health,
  HealthCheckRequestSchema,
  HealthCheckResponseSchema,
  HealthCheckResponse_ServingStatus as Status,
} from '@chat4all/gen/grpc/health/v1/health_pb.js'
import { type ChannelOptions, Client, type ClientReadableStream, connectivityState, credentials, experimental } from '@grpc/grpc-js'

/** Round robin over the servers that say they are serving: grpc-js itself only looks at connections. Source: https://github.com/grpc/proposal/blob/master/A17-client-side-health-checking.md */
export const HEALTH_CHECKED = 'chat4all_health_checked'

const WATCH = `/${Health.typeName}/Watch`
const WATCH_AGAIN_MS = 1_000
const identity = (bytes: Buffer) => bytes

/** Makes the policy known to grpc-js. */
export function registerHealthChecked(): void {
  if (!experimental.isLoadBalancerNameRegistered(HEALTH_CHECKED))
    experimental.registerLoadBalancerType(HEALTH_CHECKED, HealthCheckedBalancer, HealthCheckedConfig)
}

class HealthCheckedConfig implements experimental.TypedLoadBalancingConfig {
  static createFromJson(): HealthCheckedConfig {
    return new HealthCheckedConfig()
  }
  getLoadBalancerName(): string {
    return HEALTH_CHECKED
  }
  toJsonObject(): object {
    return { [HEALTH_CHECKED]: {} }
  }
}

/** Round robin, given subchannels that know their health. */
class HealthCheckedBalancer implements experimental.LoadBalancer {
  readonly #roundRobin: experimental.ChildLoadBalancerHandler

  constructor(helper: experimental.ChannelControlHelper) {
    this.#roundRobin = new experimental.ChildLoadBalancerHandler(
      experimental.createChildChannelControlHelper(helper, {
        createSubchannel: (address, options) => new HealthCheckedSubchannel(helper.createSubchannel(address, options)),
        updateState: (state, picker, message) => helper.updateState(state, { pick: (args) => unwrapped(picker.pick(args)) }, message),
      }),
    )
  }

  updateAddressList(
    endpoints: Parameters<experimental.LoadBalancer['updateAddressList']>[0],
    _config: experimental.TypedLoadBalancingConfig,
    options: ChannelOptions,
    note: string,
  ): boolean {
    return this.#roundRobin.updateAddressList(endpoints, experimental.parseLoadBalancingConfig({ round_robin: {} }), options, note)
  }
  exitIdle(): void {
    this.#roundRobin.exitIdle()
  }
  resetBackoff(): void {
    this.#roundRobin.resetBackoff()
  }
  destroy(): void {
    this.#roundRobin.destroy()
  }
  getTypeName(): string {
    return HEALTH_CHECKED
  }
}

function unwrapped(pick: experimental.PickResult): experimental.PickResult {
  return pick.subchannel instanceof HealthCheckedSubchannel
    ? ({ ...pick, subchannel: pick.subchannel.inner } as experimental.PickResult)
    : pick
}

/** A connection that follows the health of its server. Healthy until the server says otherwise. */
class HealthCheckedSubchannel extends experimental.BaseSubchannelWrapper {
  #watch: ClientReadableStream<Buffer> | undefined
  #again: NodeJS.Timeout | undefined
  #destroyed = false

  constructor(child: experimental.SubchannelInterface) {
    super(child)
    child.addConnectivityStateListener(this.#follow)
    this.#follow()
  }

  get inner(): experimental.SubchannelInterface {
    return this.child
  }

  protected override destroy(): void {
    super.destroy()
    this.#destroyed = true
    this.child.removeConnectivityStateListener(this.#follow)
    clearTimeout(this.#again)
    this.#watch?.cancel()
  }

  /** Watches while there is a connection to watch on. */
  readonly #follow = (): void => {
    if (this.#destroyed || this.#watch !== undefined || this.child.getConnectivityState() !== connectivityState.READY) return
    const client = new Client(this.child.getAddress(), credentials.createInsecure(), { channelOverride: this.child.getChannel() })
    const request = Buffer.from(toBinary(HealthCheckRequestSchema, create(HealthCheckRequestSchema)))
    const watch = client.makeServerStreamRequest(WATCH, identity, identity, request)
    this.#watch = watch
    watch.on('data', (bytes: Buffer) => this.setHealthy(fromBinary(HealthCheckResponseSchema, bytes).status === Status.SERVING))
    watch.on('error', () => {})
    watch.on('status', () => this.#ended())
  }

  /** A server that is going down ends the watch before its connections; what it said last holds until it can be asked again. */
  #ended(): void {
    this.#watch = undefined
    if (!this.#destroyed) this.#again = setTimeout(this.#follow, WATCH_AGAIN_MS).unref()
  }
}
