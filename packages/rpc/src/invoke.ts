import { create, type DescMethod, fromBinary, type Message, toBinary } from '@bufbuild/protobuf'
import { ChatError, type Logger, silentLogger } from '@chat4all/base'
import type { Status } from '@chat4all/gen/google/rpc/status_pb.js'
import { type Authenticators, admission } from './access.ts'
import type { Call } from './call.ts'
import { asChatError, statusOf } from './errors.ts'
import type { Authenticate, CallContext, RpcService, StreamReceiver, StreamWriter } from './handler.ts'
import { traceIdOf, withTrace } from './trace.ts'
import { validate, warmValidation } from './validation.ts'

/** What every front serves. */
export interface Serving extends Authenticators {
  readonly services: readonly RpcService[]
  readonly log?: Logger
}

/** One RPC behind every front. A front admits, decodes, and hands the request on. */
export interface RpcMethod {
  /** `/package.Service/Method`. */
  readonly path: string
  readonly desc: DescMethod
  /** Refuses, or tells who calls. Runs before anything of the request is decoded. */
  readonly admit: Authenticate
  readonly handler: unknown
  readonly log: Logger
}

/** Every RPC of the services, by path. Compiles the validation rules of their requests. */
export function bindMethods({ services, log = silentLogger, ...by }: Serving): ReadonlyMap<string, RpcMethod> {
  const methods = new Map<string, RpcMethod>()
  for (const service of services) {
    for (const desc of service.service.methods) {
      const path = `/${desc.parent.typeName}/${desc.name}`
      if (methods.has(path)) throw new Error(`${path} is registered twice`)
      const handler = service.handlers[desc.localName]
      if (typeof handler !== 'function') throw new Error(`${path} has no handler`)
      warmValidation(desc.input)
      methods.set(path, { path, desc, admit: admission(service, desc, by), handler, log })
    }
  }
  return methods
}

/** Decodes a request. The connection survives bytes that are no such message. */
export function decodeRequest(method: RpcMethod, bytes: Uint8Array): Message {
  try {
    return fromBinary(method.desc.input, bytes)
  } catch {
    throw malformed()
  }
}

/** The error for a request that is not valid Protobuf, or not valid JSON for its message. It drops the decoder's error, which may quote content. */
export function malformed(): ChatError {
  return new ChatError('REQUEST_MALFORMED', 'The request is not a valid message of its type.')
}

export async function invokeUnary(method: RpcMethod, request: Message, context: CallContext): Promise<Message> {
  validate(method.desc.input, request)
  const handler = method.handler as (request: Message, context: CallContext) => Promise<Message>
  return create(method.desc.output, await withTrace(context.traceparent, () => handler(request, context)))
}

export function invokeServerStream(method: RpcMethod, request: Message, context: CallContext, out: StreamWriter): Promise<void> {
  validate(method.desc.input, request)
  const handler = method.handler as (request: Message, context: CallContext, out: StreamWriter) => Promise<void>
  return withTrace(context.traceparent, () => handler(request, context, out))
}

/** Opens a bidirectional call. Each message is validated before the handler's receiver gets it. */
export function invokeBidi(method: RpcMethod, context: CallContext, out: StreamWriter): StreamReceiver {
  const receiver = (method.handler as (context: CallContext, out: StreamWriter) => StreamReceiver)(context, out)
  return {
    message(request) {
      validate(method.desc.input, request)
      return withTrace(context.traceparent, () => receiver.message(request))
    },
    end: () => receiver.end(),
  }
}

export function encodeResponse(method: RpcMethod, message: Message): Uint8Array {
  return toBinary(method.desc.output, message)
}

/** Notes a call that went well. */
export function succeeded(method: RpcMethod, call: Call): void {
  if (method.log.isLevelEnabled('debug')) method.log.debug(facts(method, call, 'OK'), 'call')
}

/** Maps and notes the error of a call. This is the one place where an original error is logged. */
export function failed(method: RpcMethod, call: Call, error: unknown): ChatError {
  const mapped = call.aborted ?? withRequestId(asChatError(error), call.requestId)
  const { reason, cause } = mapped
  if (reason === 'INTERNAL') method.log.error({ ...facts(method, call, reason), err: cause ?? mapped }, 'call failed')
  else if (cause !== undefined) method.log.warn({ ...facts(method, call, reason), err: cause }, 'call failed')
  else if (method.log.isLevelEnabled('debug')) method.log.debug(facts(method, call, reason), 'call')
  return mapped
}

/** The error of one message of a stream that goes on: mapped and noted like the error of a call. */
export function refusal(error: unknown, { method, requestId }: CallContext, log: Logger): Status {
  const mapped = withRequestId(asChatError(error), requestId)
  const facts = { rpc: `/${method.parent.typeName}/${method.name}`, result: mapped.reason, request_id: requestId }
  if (mapped.reason === 'INTERNAL') log.error({ ...facts, err: mapped.cause ?? mapped }, 'message refused')
  else if (mapped.cause !== undefined) log.warn({ ...facts, err: mapped.cause }, 'message refused')
  return statusOf(mapped)
}

function withRequestId(error: ChatError, requestId: string): ChatError {
  if (error.reason !== 'INTERNAL' || error.metadata.request_id !== undefined) return error
  return new ChatError('INTERNAL', error.message, { metadata: { ...error.metadata, request_id: requestId }, cause: error.cause })
}

function facts(method: RpcMethod, call: Call, result: string) {
  const { requestId, principal, startedAt, traceparent } = call
  return {
    rpc: method.path,
    result,
    ms: Math.round((performance.now() - startedAt) * 1000) / 1000,
    request_id: requestId,
    trace_id: traceIdOf(traceparent),
    tenant_id: principal?.tenantId,
    user_id: principal?.userId,
    client_id: principal?.clientId,
  }
}
