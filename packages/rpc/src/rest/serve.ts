import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Message } from '@bufbuild/protobuf'
import { Call, cancelled, deadlineExceeded } from '../call.ts'
import { timeoutMsOf } from '../grpc-headers.ts'
import { failed, invokeServerStream, invokeUnary, succeeded } from '../invoke.ts'
import { REQUEST_ID_HEADER, requestIdFrom } from '../request-id.ts'
import { TRACE_HEADER, traceparentFrom } from '../trace.ts'
import { readBody } from './body.ts'
import { type RequestParts, requestMessage } from './request-message.ts'
import { type Answer, sendAnswer, sendError } from './respond.ts'
import { answersHttpBody, httpBodyOf, responseJson } from './response-json.ts'
import { ResponseStream } from './response-stream.ts'
import type { Route } from './router.ts'

type Target = Pick<RequestParts, 'segments' | 'query'>

export interface RestOptions {
  readonly maxRequestBytes: number
  /** Streaming calls are in here while they run. */
  readonly streams: Set<Call>
}

const MAX_TIMER_MS = 2 ** 31 - 1

/** Serves one call to its end. Never throws. */
export async function serveRoute(
  route: Route,
  target: Target,
  request: IncomingMessage,
  response: ServerResponse,
  options: RestOptions,
): Promise<void> {
  const { method } = route
  const call = new Call(method.desc, requestIdFrom(headerOf(request, REQUEST_ID_HEADER)))
  call.traceparent = traceparentFrom(headerOf(request, TRACE_HEADER))
  const unwatch = watch(call, request, response)
  const stream = opensStream(route, request)
    ? new ResponseStream(method.desc.output, route.format(headerOf(request, 'accept')), call, response)
    : undefined
  if (stream !== undefined) options.streams.add(call)
  try {
    const answer = await untilAborted(call, run(route, target, request, options, call, stream))
    if (answer !== undefined) await sendAnswer(request, response, answer, call.requestId)
    stream?.end(undefined)
    succeeded(method, call)
  } catch (thrown) {
    const error = failed(method, call, thrown)
    if (stream === undefined || !stream.end(error)) sendError(request, response, error, call.requestId)
  } finally {
    unwatch()
    options.streams.delete(call)
  }
}

/** Resolves to the answer, but for streams, which write theirs. */
async function run(
  route: Route,
  target: Target,
  request: IncomingMessage,
  { maxRequestBytes }: RestOptions,
  call: Call,
  stream: ResponseStream | undefined,
): Promise<Answer | undefined> {
  const message = await receive(route, target, request, maxRequestBytes, call)
  if (stream === undefined) return answerOnce(route, message, call)
  return invokeServerStream(route.method, message, call, stream).then(() => undefined)
}

/** The head of a stream tells that the call would be admitted, and opens none. */
function opensStream({ method }: Route, request: IncomingMessage): boolean {
  return method.desc.methodKind === 'server_streaming' && request.method !== 'HEAD'
}

/** Admits the caller before anything of the request is decoded. */
async function receive(route: Route, target: Target, request: IncomingMessage, maxBytes: number, call: Call): Promise<Message> {
  call.principal = await route.method.admit((name) => headerOf(request, name))
  const body = await readBody(route, request, maxBytes)
  const message = requestMessage(route, { ...target, body: body.json, bodyBytes: body.bytes })
  const resumed = headerOf(request, 'last-event-id')
  if (resumed !== undefined && route.resumable) (message as Message & { cursor: string }).cursor = resumed
  return message
}

async function answerOnce(route: Route, message: Message, call: Call): Promise<Answer> {
  if (route.method.desc.methodKind !== 'unary') return { contentType: 'application/x-ndjson', bytes: Buffer.alloc(0) }
  const answer = await invokeUnary(route.method, message, call)
  if (!answersHttpBody(route)) return { contentType: 'application/json', bytes: Buffer.from(JSON.stringify(responseJson(route, answer))) }
  const body = httpBodyOf(route, answer)
  return { contentType: body?.contentType || 'application/octet-stream', bytes: Buffer.from(body?.data ?? []) }
}

/** Cuts the call short when the caller goes away or its time is over. Returns what undoes the watch. */
function watch(call: Call, request: IncomingMessage, response: ServerResponse): () => void {
  const onClose = () => call.abort(cancelled())
  response.once('close', onClose)
  const timeoutMs = timeoutOf(request)
  call.setTimeout(timeoutMs)
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => call.abort(deadlineExceeded()), timeoutMs)
  return () => {
    response.off('close', onClose)
    clearTimeout(timer)
  }
}

/** How long the caller waits: `X-Server-Timeout` in seconds, or `Grpc-Timeout` as in gRPC. What is malformed counts as absent. */
function timeoutOf(request: IncomingMessage): number | undefined {
  const seconds = headerOf(request, 'x-server-timeout')
  if (seconds === undefined || !/^\d{1,9}(?:\.\d{1,9})?$/.test(seconds)) return timeoutMsOf(headerOf(request, 'grpc-timeout'))
  return Math.min(Number(seconds) * 1000, MAX_TIMER_MS)
}

/** The result of the work, or the reason why the call was cut short, whichever comes first. */
function untilAborted<T>(call: Call, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    call.onAbort(() => reject(call.aborted))
    work.then(resolve, reject)
  })
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return typeof value === 'string' ? value : undefined
}
