import type { MessageService } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import type { UnaryHandler } from '@chat4all/rpc'
import type { Sender } from '../send/sender.ts'

export function sendMessage({ sender }: { readonly sender: Sender }): UnaryHandler<typeof MessageService.method.sendMessage> {
  return async (request, { principal }) => sender.append(await sender.prepare(principal!, request))
}
