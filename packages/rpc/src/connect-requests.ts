import { fromJsonString, type Message } from '@bufbuild/protobuf'
import { ChatError } from '@chat4all/base'
import { Code, ConnectError } from '@connectrpc/connect'
import { cancelled } from './call.ts'
import { decodeRequest, malformed, type RpcMethod } from './invoke.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Decodes a request in either of the formats of the Connect protocol. Unknown JSON fields are ignored, as newer clients send them. */
export function decodeEither(method: RpcMethod, binary: boolean, bytes: Uint8Array): Message {
  if (binary) return decodeRequest(method, bytes)
  try {
    return fromJsonString(method.desc.input, utf8.decode(bytes), { ignoreUnknownFields: true })
  } catch {
    throw malformed()
  }
}

/** The requests of a stream that Connect decodes, with its errors turned into ours. */
export async function* decoded(requests: AsyncIterable<Message>): AsyncIterable<Message> {
  try {
    yield* requests
  } catch (error) {
    throw readError(error)
  }
}

/** What Connect throws while it reads a request. It calls undecodable bytes an internal error: they are the caller's. */
export function readError(error: unknown): unknown {
  if (!(error instanceof ConnectError)) return error
  if (error.code === Code.ResourceExhausted) return new ChatError('REQUEST_TOO_LARGE', 'The request is larger than this server takes.')
  if (error.code === Code.Canceled || error.code === Code.Aborted) return cancelled()
  return error.code === Code.Internal || error.code === Code.InvalidArgument ? malformed() : error
}
