import type {
  DescMethod,
  DescMethodBiDiStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  MessageInitShape,
  MessageShape,
} from '@bufbuild/protobuf'

/** Who calls: an API client, or one user. */
export interface Principal {
  readonly kind: 'client' | 'user'
  readonly tenantId: string
  /** Set for users. */
  readonly userId?: string
  /** The API client that calls, or that minted the user's token. */
  readonly clientId: string
  /** API clients that manage all tenants. */
  readonly operator: boolean
  /** The token's `jti`. */
  readonly tokenId: string
  /** Milliseconds since 1970. */
  readonly expiresAt: number
}

/** What a handler knows about a call. */
export interface CallContext {
  readonly method: DescMethod
  /** Undefined only for RPCs that need no token. */
  readonly principal: Principal | undefined
  /**
   * Aborts when the caller cancels or goes away, at the deadline, and when the server stops; not when the call ends well.
   * The reason is the ChatError that tells which. Nothing is spent on it until somebody asks for it.
   */
  readonly signal: AbortSignal
  /** Calls back once when the signal would abort, at once if it has. Cheaper than the signal for calls that stay open for hours. */
  onAbort(listener: () => void): void
  /** Names the call in logs and in INTERNAL errors. */
  readonly requestId: string
  /** When the caller stops waiting, on the clock of `performance.now()`. Undefined if it never does. */
  readonly deadlineAt?: number | undefined
  /** The caller's W3C trace context, to be passed on. */
  readonly traceparent?: string | undefined
}

/** Where a streaming handler writes. The one seam to the gRPC server underneath: everything here works on encoded bytes. */
export interface StreamWriter<O extends DescMethod['output'] = DescMethod['output']> {
  /** Encodes and writes one message, and waits until there is room for the next. Throws the reason once the call is cut short. */
  send(message: MessageInitShape<O>): Promise<void>
  /** Writes one encoded message. The bytes may be shared with other writers and must not change. False: the stream is full; go on after `drained`. Once the stream has ended, it drops them. */
  write(encoded: Uint8Array): boolean
  /** Resolves when there is room, or the stream has ended. */
  drained(): Promise<void>
}

/**
 * Takes the messages of a bidirectional stream as they come, each one validated. A promise holds back the next message.
 * What it throws ends the stream. When the call is cut short nothing more is called: clean up on `context.signal`.
 */
export interface StreamReceiver<I extends DescMethod['input'] = DescMethod['input']> {
  message(request: MessageShape<I>): Promise<void> | void
  /** The caller has sent everything. The stream ends when this resolves. */
  end(): Promise<void> | void
}

export type UnaryHandler<M extends DescMethodUnary> = (
  request: MessageShape<M['input']>,
  context: CallContext,
) => Promise<MessageInitShape<M['output']>>
export type ServerStreamHandler<M extends DescMethodServerStreaming> = (
  request: MessageShape<M['input']>,
  context: CallContext,
  out: StreamWriter<M['output']>,
) => Promise<void>
export type BidiHandler<M extends DescMethodBiDiStreaming> = (
  context: CallContext,
  out: StreamWriter<M['output']>,
) => StreamReceiver<M['input']>

/** One handler per RPC: a missing one does not compile. */
export type ServiceHandlers<S extends DescService> = {
  readonly [K in keyof S['method']]: S['method'][K] extends DescMethodUnary
    ? UnaryHandler<S['method'][K]>
    : S['method'][K] extends DescMethodServerStreaming
      ? ServerStreamHandler<S['method'][K]>
      : S['method'][K] extends DescMethodBiDiStreaming
        ? BidiHandler<S['method'][K]>
        : never
}

/** A service and its handlers, ready to be put behind any front. */
export interface RpcService {
  readonly service: DescService
  readonly handlers: Readonly<Record<string, unknown>>
  /** Served to anybody without a token: health and reflection. Every other RPC follows its own rule (`access.proto`). */
  readonly open?: boolean
}

export function rpcService<S extends DescService>(service: S, handlers: ServiceHandlers<S>): RpcService {
  return { service, handlers: handlers as unknown as Record<string, unknown> }
}

/** Finds out who calls. Throws ChatError TOKEN_INVALID for a token that does not hold; undefined when there is none. */
export type Authenticate = (header: (name: string) => string | undefined) => Promise<Principal | undefined> | Principal | undefined
