import type { SendMessageResponse } from '#gen/chat4all/v1/message_service_pb.js'
import type { Api } from './api.ts'
import { retry } from './backoff.ts'
import { abortedError } from './errors.ts'
import type { Outgoing, SendLane } from './send-lane.ts'

/** One call per message. Messages to one target wait for each other: calls side by side could overtake. */
export function unaryLane(api: Api): SendLane {
  const tails = new Map<string, Promise<unknown>>()

  const call = (outgoing: Outgoing): Promise<SendMessageResponse> => {
    const { message, signal } = outgoing
    if (signal.aborted) throw abortedError(signal)
    const onRetry = (error: NonNullable<Outgoing['lastError']>) => {
      outgoing.lastError = error
    }
    return retry(() => api.messages.sendMessage(message, { signal }), { signal, onRetry })
  }

  return {
    async submit(outgoing) {
      const { conversationId, from, to } = outgoing.message
      const target = conversationId || `${from} ${to}`
      const result = (tails.get(target) ?? Promise.resolve()).then(() => call(outgoing))
      const tail = result.catch(() => {})
      tails.set(target, tail)
      tail.then(() => tails.get(target) === tail && tails.delete(target))
      return result
    },
    close() {},
  }
}
