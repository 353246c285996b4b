import {
  create,
  type DescMethod,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf'
import { AuthService } from '@chat4all/gen/chat4all/v1/auth_service_pb.js'
import { LiveService } from '@chat4all/gen/chat4all/v1/live_service_pb.js'
import { MessageService } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { ErrorInfoSchema } from '@chat4all/gen/google/rpc/error_details_pb.js'
import { type Status, StatusSchema } from '@chat4all/gen/google/rpc/status_pb.js'
import { Client, type ClientDuplexStream, type ClientReadableStream, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js'

/** A call that failed, with the reason that callers branch on. */
export class RpcFailure extends Error {
  readonly code: status
  readonly reason: string
  /** The status with all its details. Undefined when the server gave none. */
  readonly status: Status | undefined

  constructor(code: status, message: string, details?: Status) {
    const reason = details === undefined ? '' : reasonOf(details)
    super(`${status[code]} ${reason}: ${message}`)
    this.name = 'RpcFailure'
    this.code = code
    this.reason = reason
    this.status = details
  }

  static of(error: ServiceError): RpcFailure {
    const [packed] = error.metadata?.get('grpc-status-details-bin') ?? []
    const details = packed instanceof Buffer ? fromBinary(StatusSchema, packed) : undefined
    return new RpcFailure(error.code, error.details ?? error.message, details)
  }
}

/** The `reason` in the details of a status, '' if there is none. */
export function reasonOf(answer: Status): string {
  const info = answer.details.find((any) => any.typeUrl.endsWith('google.rpc.ErrorInfo'))
  return info === undefined ? '' : fromBinary(ErrorInfoSchema, info.value).reason
}

/** What a stream tells its owner. `onEnd` comes once, with the failure if there was one. */
export interface StreamEvents<T> {
  onMessage(message: T): void
  onEnd(failure: RpcFailure | undefined): void
}

/** A gRPC client with a connection of its own and one bearer token. Its streams take and give encoded messages, so that it costs little beside what it loads. */
export class RawClient {
  /** Where it connects first, and where if that fails: `host:port`, or `ipv4:host:port,…`. */
  address: string
  #client: Client
  readonly #metadata = new Metadata()

  constructor(address: string, token?: string) {
    this.address = address
    this.#client = newClient(address)
    if (token !== undefined) this.#metadata.set('authorization', `Bearer ${token}`)
  }

  /** A client with an API client's access token. */
  static async signIn(address: string, of: { readonly client_id: string; readonly client_secret: string }): Promise<RawClient> {
    const anonymous = new RawClient(address)
    const answer = await anonymous.call(AuthService.method.createToken, { clientId: of.client_id, clientSecret: of.client_secret })
    anonymous.close()
    return new RawClient(address, answer.accessToken)
  }

  /** A client with a user's token; needs an API client's. Optionally through another address, such as a proxy's. */
  async asUser(userId: string, address = this.address): Promise<RawClient> {
    const { accessToken } = await this.call(AuthService.method.createUserToken, { userId })
    return new RawClient(address, accessToken)
  }

  /** Drops the connection and makes a new one at once, to the next address if it has several: a channel that has failed for a while takes its time. */
  reconnect(): void {
    this.#client.close()
    this.address = this.address.replace(/^(ipv4:)([^,]+),(.+)$/, '$1$3,$2')
    this.#client = newClient(this.address)
  }

  call<M extends DescMethodUnary>(method: M, init: MessageInitShape<M['input']>, timeoutMs = 30_000): Promise<MessageShape<M['output']>> {
    const request = Buffer.from(toBinary(method.input, create(method.input, init)))
    const options = { deadline: Date.now() + timeoutMs }
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(path(method), same, same, request, this.#metadata, options, (error, answer) => {
        if (error !== null) reject(RpcFailure.of(error))
        else resolve(fromBinary(method.output, answer!) as MessageShape<M['output']>)
      })
    })
  }

  /** Makes a call of any kind with requests as bytes, whatever they are. Gives the encoded answers. */
  open(path: string, requests: readonly Uint8Array[], events: StreamEvents<Buffer>): ClientDuplexStream<Buffer, Buffer> {
    const stream = this.#client.makeBidiStreamRequest(path, same, same, this.#metadata)
    listen(stream, events)
    for (const request of requests) stream.write(Buffer.from(request))
    return stream
  }

  /** All answers of a server stream that ends by itself. */
  async collect<M extends DescMethodServerStreaming>(method: M, init: MessageInitShape<M['input']>): Promise<MessageShape<M['output']>[]> {
    const answers: MessageShape<M['output']>[] = []
    const request = Buffer.from(toBinary(method.input, create(method.input, init)))
    const stream = this.#client.makeServerStreamRequest(path(method), same, same, request, this.#metadata)
    await new Promise<void>((resolve, reject) => {
      listen(stream, {
        onMessage: (bytes) => answers.push(fromBinary(method.output, bytes) as MessageShape<M['output']>),
        onEnd: (failure) => (failure === undefined ? resolve() : reject(failure)),
      })
    })
    return answers
  }

  /** Opens a live stream. Gives encoded SubscribeResponse messages. */
  subscribe(cursor: string, events: StreamEvents<Buffer>): { cancel(): void } {
    const { input } = LiveService.method.subscribe
    const request = Buffer.from(toBinary(input, create(input, { cursor })))
    const stream = this.#client.makeServerStreamRequest(path(LiveService.method.subscribe), same, same, request, this.#metadata)
    listen(stream, events)
    return stream
  }

  /** Opens a stream for sending. Takes encoded SendStreamRequest, gives encoded SendStreamResponse messages. */
  sendStream(events: StreamEvents<Buffer>): { write(request: Buffer): boolean; end(): void; cancel(): void } {
    const stream = this.#client.makeBidiStreamRequest(path(MessageService.method.sendStream), same, same, this.#metadata)
    listen(stream, events)
    return stream
  }

  close(): void {
    this.#client.close()
  }
}

function newClient(address: string): Client {
  return new Client(address, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.max_receive_message_length': 64 << 20,
    'grpc.keepalive_time_ms': 4_000,
    'grpc.keepalive_timeout_ms': 4_000,
  })
}

function path(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`
}

function same(bytes: Buffer): Buffer {
  return bytes
}

function listen(stream: ClientReadableStream<Buffer>, events: StreamEvents<Buffer>): void {
  let ended = false
  const end = (failure: RpcFailure | undefined) => {
    if (!ended) events.onEnd(failure)
    ended = true
  }
  stream.on('data', (message) => events.onMessage(message))
  stream.on('error', (error: ServiceError) => end(RpcFailure.of(error)))
  // A failure is emitted before the end.
  stream.on('end', () => end(undefined))
}
