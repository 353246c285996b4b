import { create, type DescMessage, type DescService, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import { ChatError } from '@chat4all/base'
import { Code, ConnectError, type Transport } from '@connectrpc/connect'
import { type ChannelOptions, Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js'
import { cancelled, deadlineExceeded } from './call.ts'
import { asChatError, connectErrorOf } from './errors.ts'
import { registerHealthChecked } from './health-checked.ts'
import { HOSTS_SCHEME, registerHostResolver } from './host-resolver.ts'
import { serviceConfig } from './service-config.ts'
import { isServiceRefusal, type ServiceTokens } from './service-token.ts'
import { currentTrace, TRACE_HEADER } from './trace.ts'

export interface ServiceTransportOptions {
  /** Where the servers are, each `host:port`. A name stands for all its addresses, and is looked up again and again. */
  readonly addresses: readonly string[]
  /** What is called there. */
  readonly services: readonly DescService[]
  readonly tokens: ServiceTokens
  /** For calls that come without a deadline. */
  readonly defaultTimeoutMs?: number
}

export interface ServiceTransport extends Transport, Disposable {
  /** Resolves when a server is connected. */
  ready(timeoutMs: number): Promise<void>
}

/** A silent peer is given up after the sum: what waits for it fails then, or goes elsewhere. */
const KEEPALIVE_MS = 3_000
const KEEPALIVE_TIMEOUT_MS = 2_000
/** A server that is back is found again after this at the latest. */
const MAX_RECONNECT_MS = 2_000

/** Lets generated clients call services of other processes over gRPC. Errors look as they do from `inMemoryTransport`. */
export function serviceTransport({ addresses, services, tokens, defaultTimeoutMs = 10_000 }: ServiceTransportOptions): ServiceTransport {
  registerHealthChecked()
  registerHostResolver()
  const client = new Client(`${HOSTS_SCHEME}:${addresses.join()}`, credentials.createInsecure(), channelOptions(services))
  return {
    unary: (method, signal, timeoutMs = defaultTimeoutMs, header, input) =>
      new Promise((resolve, reject) => {
        const path = `/${method.parent.typeName}/${method.name}`
        const options = { deadline: Date.now() + timeoutMs }
        const abort = () => call.cancel()
        let headers = new Headers()
        const call = client.makeUnaryRequest(
          path,
          (request: MessageInitShape<DescMessage>) => Buffer.from(toBinary(method.input, create(method.input, request as never))),
          (bytes) => fromBinary(method.output, bytes),
          input as MessageInitShape<DescMessage>,
          metadataOf(header, tokens),
          options,
          (error, message) => {
            signal?.removeEventListener('abort', abort)
            if (error) reject(failure(error, signal))
            else resolve({ stream: false, service: method.parent, method, header: headers, message: message!, trailer: new Headers() })
          },
        )
        call.on('metadata', (got: Metadata) => {
          headers = new Headers(got.getMap() as Record<string, string>)
        })
        signal?.addEventListener('abort', abort, { once: true })
        if (signal?.aborted) abort()
      }),
    stream: () => Promise.reject(new ConnectError('services call each other one request at a time', Code.Unimplemented)),
    ready: (timeoutMs) =>
      new Promise((resolve, reject) =>
        client.waitForReady(Date.now() + timeoutMs, (error) =>
          error ? reject(new Error(`nobody answers at ${addresses.join()}`)) : resolve(),
        ),
      ),
    [Symbol.dispose]: () => client.close(),
  }
}

function channelOptions(services: readonly DescService[]): ChannelOptions {
  return {
    'grpc.service_config': JSON.stringify(serviceConfig(services)),
    'grpc.service_config_disable_resolution': 1,
    'grpc.keepalive_time_ms': KEEPALIVE_MS,
    'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
    'grpc.keepalive_permit_without_calls': 1,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': MAX_RECONNECT_MS,
    'grpc.dns_min_time_between_resolutions_ms': MAX_RECONNECT_MS,
    'grpc.max_receive_message_length': -1,
  }
}

function metadataOf(header: HeadersInit | undefined, tokens: ServiceTokens): Metadata {
  const metadata = new Metadata()
  new Headers(header).forEach((value, key) => {
    metadata.set(key, value)
  })
  metadata.set('authorization', tokens.header())
  const trace = currentTrace()
  if (trace !== undefined) metadata.set(TRACE_HEADER, trace)
  return metadata
}

/** What the caller may know. Errors that no service of ours made would tell about our network: they stay in the cause. */
function failure(error: ServiceError, signal: AbortSignal | undefined): Error {
  if (error.metadata?.get('grpc-status-details-bin').length) {
    const told = asChatError(error)
    if (!isServiceRefusal(told)) return connectErrorOf(told)
    return new ChatError('INTERNAL', 'The server failed. Report the request id.', { cause: error })
  }
  if (signal?.aborted) return connectErrorOf(cancelled())
  if (error.code === status.DEADLINE_EXCEEDED) return connectErrorOf(deadlineExceeded())
  if (BUG_CODES.has(error.code)) return new ChatError('INTERNAL', 'The server failed. Report the request id.', { cause: error })
  const message = 'The service is not available right now. Repeat the call after a pause.'
  return new ChatError('ENGINE_UNAVAILABLE', message, { cause: error })
}

/** What broken connections never end with. */
const BUG_CODES: ReadonlySet<number> = new Set([status.UNIMPLEMENTED, status.INVALID_ARGUMENT, status.RESOURCE_EXHAUSTED])
