import { create, fromBinary, type MessageInitShape } from '@bufbuild/protobuf'
import { type LiveService, SubscribeRequestSchema, SubscribeResponseSchema } from '@chat4all/gen/chat4all/v1/live_service_pb.js'
import type { CallContext, ServerStreamHandler, StreamWriter } from '@chat4all/rpc'

type Follow = ServerStreamHandler<typeof LiveService.method.subscribe>

/** Follows a live stream until it brings something, or the time is over. */
export async function untilNews(
  follow: Follow,
  request: { readonly userId: string; readonly cursor: string },
  context: CallContext,
  waitMs: number,
): Promise<void> {
  const over = Promise.withResolvers<void>()
  const timer = setTimeout(over.resolve, waitMs)
  const { leaving, leave } = leavable(context)
  try {
    await Promise.race([over.promise, follow(create(SubscribeRequestSchema, request), leaving, newsTo(over.resolve))])
  } finally {
    clearTimeout(timer)
    leave()
  }
}

/** A call that ends with the one that it serves, or before. */
function leavable(context: CallContext): { readonly leaving: CallContext; readonly leave: () => void } {
  const { method, principal, requestId, deadlineAt, traceparent } = context
  const listeners: (() => void)[] = []
  const onAbort = (listener: () => void) => {
    listeners.push(listener)
    context.onAbort(listener)
  }
  const leaving = { method, principal, requestId, deadlineAt, traceparent, signal: context.signal, onAbort }
  const leave = () => {
    for (const listener of listeners) listener()
  }
  return { leaving, leave }
}

function newsTo(tell: () => void): StreamWriter<typeof SubscribeResponseSchema> {
  const look = ({ events = [], snapshots = [] }: MessageInitShape<typeof SubscribeResponseSchema>) => {
    if (events.length + snapshots.length > 0) tell()
  }
  return {
    send: async (message) => look(message),
    write(encoded) {
      look(fromBinary(SubscribeResponseSchema, encoded))
      return true
    },
    drained: async () => {},
  }
}
