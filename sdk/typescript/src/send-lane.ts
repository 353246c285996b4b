import type { SendMessageRequest, SendMessageResponse } from '#gen/chat4all/v1/message_service_pb.js'
import type { ChatError } from './errors.ts'

/** A message on its way. */
export interface Outgoing {
  readonly message: SendMessageRequest
  /** Ends all tries. */
  readonly signal: AbortSignal
  /** Why the last try failed. */
  lastError?: ChatError
}

/** A way to send: submits a message until it is accepted, refused for good, or its signal aborts. Keeps the order per conversation. */
export interface SendLane {
  /** Throws ChatError. */
  submit(outgoing: Outgoing): Promise<SendMessageResponse>
  close(): void
}
