import type { Message } from '@bufbuild/protobuf'
import { ChatError } from '@chat4all/base'
import { Code, ConnectError } from '@connectrpc/connect'
import { type Call, cancelled, deadlineExceeded } from './call.ts'
import { connectErrorOf } from './errors.ts'
import { failed, invokeBidi, invokeServerStream, invokeUnary, type RpcMethod, succeeded } from './invoke.ts'
import { StreamQueue } from './stream-queue.ts'

/** Cuts a call short when the caller's signal aborts or its time is over. Returns what undoes the watch. */
export function watch(call: Call, signal: AbortSignal | undefined, timeoutMs: number | undefined): () => void {
  call.setTimeout(timeoutMs)
  const onAbort = () => call.abort(isDeadline(signal?.reason) ? deadlineExceeded() : cancelled())
  if (signal?.aborted) onAbort()
  signal?.addEventListener('abort', onAbort, { once: true })
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => call.abort(deadlineExceeded()), timeoutMs)
  return () => {
    signal?.removeEventListener('abort', onAbort)
    clearTimeout(timer)
  }
}

const isDeadline = (reason: unknown) => reason instanceof ConnectError && reason.code === Code.DeadlineExceeded

/** The result of the work, or the reason why the call was cut short, whichever comes first. */
export function untilAborted<T>(call: Call, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    call.signal.addEventListener('abort', () => reject(call.signal.reason), { once: true })
    if (call.signal.aborted) reject(call.signal.reason)
    work.then(resolve, reject)
  })
}

/** Serves an RPC of any kind to a front that pulls: requests in, responses out. It throws what the front shall send. */
export async function* serve(
  method: RpcMethod,
  call: Call,
  headers: Headers,
  requests: AsyncIterable<Message>,
): AsyncGenerator<Message, void, undefined> {
  try {
    call.principal = await method.admit((name) => headers.get(name) ?? undefined)
    yield* iterate(method, call, requests)
    succeeded(method, call)
  } catch (error) {
    throw wireError(method, call, error)
  }
}

/** The error to send. Connect's own UNIMPLEMENTED goes through: it tells about the protocol, and no reason of ours comes with that code. */
export function wireError(method: RpcMethod, call: Call, error: unknown): ConnectError {
  const mapped = failed(method, call, error)
  return error instanceof ConnectError && error.code === Code.Unimplemented ? error : connectErrorOf(mapped)
}

function iterate(method: RpcMethod, call: Call, requests: AsyncIterable<Message>): AsyncIterableIterator<Message> {
  const out = new StreamQueue(method.desc.output, () => call.abort(cancelled()))
  const run = method.desc.methodKind === 'bidi_streaming' ? runBidi : runOnce
  run(method, call, requests, out).then(
    () => out.finish(call.aborted),
    (error) => out.finish(error),
  )
  return out
}

async function runOnce(method: RpcMethod, call: Call, requests: AsyncIterable<Message>, out: StreamQueue): Promise<void> {
  call.signal.addEventListener('abort', () => out.finish(call.aborted), { once: true })
  const request = await single(requests)
  if (method.desc.methodKind === 'unary') await out.send(await invokeUnary(method, request, call))
  else await invokeServerStream(method, request, call, out)
}

async function runBidi(method: RpcMethod, call: Call, requests: AsyncIterable<Message>, out: StreamQueue): Promise<void> {
  let working: Promise<void> | void
  // The message in work is finished first: its answer tells the caller what holds.
  const cut = () => void Promise.resolve(working).then(() => out.finish(call.aborted))
  call.signal.addEventListener('abort', cut, { once: true })
  const receiver = invokeBidi(method, call, out)
  for await (const request of requests) {
    if (call.aborted !== undefined) return
    working = receiver.message(request as never)
    await working
  }
  await receiver.end()
}

async function single(requests: AsyncIterable<Message>): Promise<Message> {
  let only: Message | undefined
  for await (const request of requests) {
    if (only !== undefined) throw new ChatError('REQUEST_MALFORMED', 'The call takes one request and got several.')
    only = request
  }
  if (only === undefined) throw new ChatError('REQUEST_MALFORMED', 'The call takes one request and got none.')
  return only
}
