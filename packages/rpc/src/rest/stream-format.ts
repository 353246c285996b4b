import { type DescMessage, fromBinary, type Message } from '@bufbuild/protobuf'
import type { ChatError } from '@chat4all/base'
import type { Binding } from './bindings.ts'
import { errorJson } from './errors.ts'
import { answersHttpBody, httpBodyOf, responseJson } from './response-json.ts'

/** How the answers of a stream look on the wire. */
export interface StreamFormat {
  contentType(first: Message): string
  frame(message: Message): Buffer
  /** Frames that many streams share are made once for all of them. */
  shared(encoded: Uint8Array): Buffer
  /** The last frame of a stream that failed. */
  failure(error: ChatError): string
  /** Sent when nothing else was for a while. */
  readonly idle: string | undefined
}

type Parts = Pick<StreamFormat, 'contentType' | 'frame' | 'failure' | 'idle'>

/** One answer a line: `{"result": …}`, and at the end of a stream that failed `{"error": …}`. */
function ndjson(binding: Binding): StreamFormat {
  return format(binding, {
    contentType: () => 'application/x-ndjson',
    frame: (message) => Buffer.from(`{"result":${JSON.stringify(responseJson(binding, message))}}\n`),
    failure: (error) => `{"error":${JSON.stringify(errorJson(error))}}\n`,
    idle: undefined,
  })
}

/**
 * Server-sent events. The id is the message's cursor, where it has one; a heartbeat is a comment; a failure is an event `error`.
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
function serverSentEvents(binding: Binding): StreamFormat {
  return format(binding, {
    contentType: () => 'text/event-stream',
    frame: (message) => Buffer.from(eventOf(binding, message)),
    failure: (error) => `${retryLine(error)}event: error\ndata: ${JSON.stringify(errorJson(error))}\n\n`,
    idle: ': idle\n\n',
  })
}

/** Bytes as they are. A failure can only be seen from the stream being cut. */
function raw(binding: Binding): StreamFormat {
  return format(binding, {
    contentType: (first) => httpBodyOf(binding, first)?.contentType || 'application/octet-stream',
    frame: (message) => Buffer.from(httpBodyOf(binding, message)?.data ?? []),
    failure: () => '',
    idle: undefined,
  })
}

/** The formats of one binding, made once, so that its streams share frames. */
export function streamFormats(binding: Binding): (accept: string | undefined) => StreamFormat {
  if (answersHttpBody(binding)) {
    const bytes = raw(binding)
    return () => bytes
  }
  const [lines, events] = [ndjson(binding), serverSentEvents(binding)]
  return (accept) => (accept?.includes('text/event-stream') ? events : lines)
}

function format({ desc }: Binding, parts: Parts): StreamFormat {
  const frames = new WeakMap<Uint8Array, Buffer>()
  return {
    ...parts,
    shared(encoded) {
      let frame = frames.get(encoded)
      if (frame === undefined) {
        frame = parts.frame(fromBinary(desc.output as DescMessage, encoded))
        frames.set(encoded, frame)
      }
      return frame
    },
  }
}

function eventOf(binding: Binding, message: Message): string {
  const { cursor, heartbeat } = message as Message & { readonly cursor?: unknown; readonly heartbeat?: unknown }
  const id = typeof cursor === 'string' && cursor !== '' ? `id: ${cursor}\n` : ''
  if (heartbeat === true) return ': heartbeat\n\n'
  return `${id}data: ${JSON.stringify(responseJson(binding, message))}\n\n`
}

/** How long a client waits before it comes back by itself. */
function retryLine({ retryAfterMs }: ChatError): string {
  return retryAfterMs === undefined ? '' : `retry: ${Math.ceil(retryAfterMs)}\n`
}
