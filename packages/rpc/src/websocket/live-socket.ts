import type { Message } from '@bufbuild/protobuf'
import { ChatError } from '@chat4all/base'
import { LiveService } from '@chat4all/gen/chat4all/v1/live_service_pb.js'
import { type LiveSocketRequest, LiveSocketRequestSchema } from '@chat4all/gen/chat4all/v1/live_socket_pb.js'
import { MessageService, type SendMessageResponse } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { type MarkReceiptsResponse, ReceiptService } from '@chat4all/gen/chat4all/v1/receipt_service_pb.js'
import type { WebSocket } from 'ws'
import { Call, cancelled } from '../call.ts'
import { asChatError, statusOf } from '../errors.ts'
import { failed, invokeServerStream, invokeUnary, type RpcMethod, succeeded } from '../invoke.ts'
import { requestIdFrom } from '../request-id.ts'
import { validate } from '../validation.ts'
import { closeCodeOf } from './close-codes.ts'
import type { Answer, SocketFormat } from './socket-format.ts'
import { SocketWriter } from './socket-writer.ts'

/** Calls of one socket that may be under way: who sends more gets no answers sooner. */
const MAX_UNDER_WAY = 64
/** How long a socket may stay without saying who calls. */
const AUTHENTICATION_MS = 10_000
const MAX_TIMER_MS = 2 ** 31 - 1

/** What a socket can ask for. */
export interface SocketMethods {
  readonly subscribe: RpcMethod
  readonly sendMessage: RpcMethod
  readonly markReceipts: RpcMethod
}

export interface SocketDeps {
  readonly methods: SocketMethods
  /** Streaming calls are in here while they run. */
  readonly streams: Set<Call>
}

/** Finds what sockets need among the RPCs of a server; undefined if it does not serve all of it. */
export function socketMethods(methods: ReadonlyMap<string, RpcMethod>): SocketMethods | undefined {
  const find = (desc: { readonly name: string; readonly parent: { readonly typeName: string } }) =>
    methods.get(`/${desc.parent.typeName}/${desc.name}`)
  const subscribe = find(LiveService.method.subscribe)
  const sendMessage = find(MessageService.method.sendMessage)
  const markReceipts = find(ReceiptService.method.markReceipts)
  return subscribe && sendMessage && markReceipts && { subscribe, sendMessage, markReceipts }
}

/** Serves one socket until it closes. `authorization` is the header of its handshake, if there was one. */
export class LiveSocket {
  readonly #socket: WebSocket
  readonly #format: SocketFormat
  readonly #deps: SocketDeps
  readonly #calls = new Set<Call>()
  /** Until somebody has said who calls; then until the token expires. */
  #deadline: NodeJS.Timeout
  #authorization: string | undefined
  #stream: Call | undefined

  constructor(socket: WebSocket, format: SocketFormat, authorization: string | undefined, deps: SocketDeps) {
    this.#socket = socket
    this.#format = format
    this.#deps = deps
    this.#authorization = authorization
    this.#deadline = setTimeout(() => this.#end(new ChatError('DEADLINE_EXCEEDED', 'Nobody said who calls.')), AUTHENTICATION_MS)
    if (authorization !== undefined) void this.#verify()
    socket.on('message', (data, isBinary) => this.#receive(data as Buffer, isBinary))
    socket.on('error', () => {}) // 'close' follows
    socket.once('close', () => this.#closed())
  }

  #receive(frame: Buffer, isBinary: boolean): void {
    try {
      const request = this.#format.read(frame, isBinary)
      validate(LiveSocketRequestSchema, request)
      this.#dispatch(request)
    } catch (error) {
      this.#end(asChatError(error))
    }
  }

  #dispatch({ id, request }: LiveSocketRequest): void {
    const { subscribe, sendMessage, markReceipts } = this.#deps.methods
    switch (request.case) {
      case 'authenticate':
        return void this.#authenticate(id, request.value.token)
      case 'subscribe':
        return void this.#subscribe(id, subscribe, request.value)
      case 'sendMessage':
        return void this.#call(id, sendMessage, request.value, (value) => ({ case: 'messageSent', value: value as SendMessageResponse }))
      case 'markReceipts':
        return void this.#call(id, markReceipts, request.value, (value) => ({
          case: 'receiptsMarked',
          value: value as MarkReceiptsResponse,
        }))
    }
  }

  /** What comes behind it need not wait for the answer. */
  async #authenticate(id: string, token: string): Promise<void> {
    if (this.#authorization !== undefined) return this.#refuse(id, new ChatError('CONFLICT', 'This socket has said who calls.'))
    this.#authorization = `Bearer ${token}`
    if (await this.#verify()) this.#answer({ id, response: { case: 'authenticated', value: {} } })
  }

  /** Tries the token on the RPC that sockets are for. One that does not hold ends the socket. */
  async #verify(): Promise<boolean> {
    try {
      const principal = await this.#admit(this.#deps.methods.subscribe)
      clearTimeout(this.#deadline)
      const expired = new ChatError('TOKEN_INVALID', 'The token has expired.')
      this.#deadline = setTimeout(() => this.#end(expired), Math.min(principal!.expiresAt - Date.now(), MAX_TIMER_MS))
      return true
    } catch (error) {
      this.#end(asChatError(error))
      return false
    }
  }

  async #subscribe(id: string, method: RpcMethod, request: Message): Promise<void> {
    if (this.#stream !== undefined) return this.#refuse(id, new ChatError('CONFLICT', 'This socket has its stream: open another one.'))
    const call = this.#begin(method)
    this.#stream = call
    this.#deps.streams.add(call)
    try {
      call.principal = await this.#admit(method)
      await invokeServerStream(method, request, call, new SocketWriter(this.#socket, this.#format, call))
      succeeded(method, call)
    } catch (error) {
      this.#end(failed(method, call, error))
    } finally {
      this.#deps.streams.delete(call)
      this.#calls.delete(call)
    }
  }

  async #call(id: string, method: RpcMethod, request: Message, answerOf: (value: Message) => Answer['response']): Promise<void> {
    if (this.#calls.size >= MAX_UNDER_WAY) return this.#refuse(id, tooMany())
    const call = this.#begin(method)
    try {
      call.principal = await this.#admit(method)
      const response = answerOf(await invokeUnary(method, request, call))
      this.#answer({ id, ...(response === undefined ? {} : { response }) })
      succeeded(method, call)
    } catch (error) {
      this.#refuse(id, failed(method, call, error))
    } finally {
      this.#calls.delete(call)
    }
  }

  #begin(method: RpcMethod): Call {
    const call = new Call(method.desc, requestIdFrom(undefined))
    this.#calls.add(call)
    return call
  }

  /** Each call asks anew: a token may have been revoked since. */
  #admit(method: RpcMethod) {
    return method.admit((name) => (name === 'authorization' ? this.#authorization : undefined))
  }

  #refuse(id: string, error: ChatError): void {
    this.#answer({ id, response: { case: 'error', value: statusOf(error) } })
  }

  #answer(answer: Answer): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(this.#format.write(answer))
  }

  #end(error: ChatError): void {
    this.#socket.close(closeCodeOf(error), error.reason)
  }

  #closed(): void {
    clearTimeout(this.#deadline)
    for (const call of this.#calls) call.abort(cancelled())
  }
}

const tooMany = () => new ChatError('RATE_LIMITED', `A socket may have ${MAX_UNDER_WAY} calls under way.`, { retryAfterMs: 100 })
