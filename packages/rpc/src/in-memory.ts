import { create, type DescMessage, type DescMethod, type Message, type MessageInitShape } from '@bufbuild/protobuf'
import type { Logger } from '@chat4all/base'
import { Code, ConnectError, type Transport } from '@connectrpc/connect'
import { Call } from './call.ts'
import type { Authenticate, RpcService } from './handler.ts'
import { bindMethods, invokeUnary, type RpcMethod, succeeded } from './invoke.ts'
import { serve, untilAborted, watch, wireError } from './iterate.ts'
import { authenticateByHeader } from './principal-header.ts'
import { REQUEST_ID_HEADER, requestIdFrom } from './request-id.ts'
import { currentTrace, TRACE_HEADER, traceparentFrom } from './trace.ts'

/**
 * Lets generated clients call services of the same process: the pipeline of the other fronts without bytes and sockets.
 * Callers in the process are trusted: the RPCs between services are open to them, and they vouch for principals by header.
 */
export function inMemoryTransport(
  services: readonly RpcService[],
  authenticate: Authenticate = authenticateByHeader,
  log?: Logger,
): Transport {
  const methods = bindMethods({ services, authenticate, authenticateInternal: () => undefined, ...(log === undefined ? {} : { log }) })
  return {
    async unary(desc, signal, timeoutMs, header, input) {
      const { method, call, headers } = open(methods, desc, header)
      const unwatch = watch(call, signal, timeoutMs)
      try {
        const work = serveUnary(method, call, headers, create(desc.input, input))
        const message = await (signal === undefined && timeoutMs === undefined ? work : untilAborted(call, work))
        succeeded(method, call)
        return { stream: false, ...answer(desc, call), message: message as never }
      } catch (error) {
        throw wireError(method, call, error)
      } finally {
        unwatch()
      }
    },
    async stream(desc, signal, timeoutMs, header, input) {
      const { method, call, headers } = open(methods, desc, header)
      const message = responses(method, call, headers, normalized(desc.input, input), watch(call, signal, timeoutMs))
      return { stream: true, ...answer(desc, call), message: message as never }
    },
  }
}

function open(methods: ReadonlyMap<string, RpcMethod>, desc: DescMethod, header: HeadersInit | undefined) {
  const method = methods.get(`/${desc.parent.typeName}/${desc.name}`)
  if (method === undefined) throw new ConnectError(`nothing serves ${desc.parent.typeName}.${desc.name}`, Code.Unimplemented)
  const headers = new Headers(header)
  const call = new Call(desc, requestIdFrom(headers.get(REQUEST_ID_HEADER) ?? undefined))
  call.traceparent = traceparentFrom(headers.get(TRACE_HEADER) ?? undefined) ?? currentTrace()
  return { method, call, headers }
}

function answer<D extends DescMethod>(method: D, call: Call) {
  return { service: method.parent, method, header: new Headers({ [REQUEST_ID_HEADER]: call.requestId }), trailer: new Headers() }
}

async function serveUnary(method: RpcMethod, call: Call, headers: Headers, request: Message): Promise<Message> {
  call.principal = await method.admit((name) => headers.get(name) ?? undefined)
  return invokeUnary(method, request, call)
}

async function* responses(method: RpcMethod, call: Call, headers: Headers, requests: AsyncIterable<Message>, unwatch: () => void) {
  try {
    yield* serve(method, call, headers, requests)
  } finally {
    unwatch()
  }
}

async function* normalized<D extends DescMessage>(desc: D, input: AsyncIterable<MessageInitShape<D>>): AsyncIterable<Message> {
  for await (const message of input) yield create(desc, message)
}
