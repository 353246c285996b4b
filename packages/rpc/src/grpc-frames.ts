import { gunzipSync } from 'node:zlib'
import { ChatError } from '@chat4all/base'

// Length-prefixed messages: a flag for compression, the length in four bytes, the message
// (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md).
const PREFIX_BYTES = 5

let lastMessage: Uint8Array | undefined
let lastFrame: Buffer | undefined

/** A message with its prefix. One message is often written to many streams in a row: they share one frame. */
export function frameOf(message: Uint8Array): Buffer {
  if (message === lastMessage && lastFrame !== undefined) return lastFrame
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + message.length)
  frame[0] = 0
  frame.writeUInt32BE(message.length, 1)
  frame.set(message, PREFIX_BYTES)
  lastMessage = message
  lastFrame = frame
  return frame
}

/** Cuts what arrives into messages. Holds at most one unfinished message. */
export class Deframer {
  readonly #maxBytes: number
  readonly #gzip: boolean
  #rest: Buffer | undefined

  constructor(maxBytes: number, encoding: string | undefined) {
    if (encoding !== undefined && encoding !== 'identity' && encoding !== 'gzip')
      throw new ChatError('METHOD_NOT_FOUND', `This server does not take messages encoded as ${JSON.stringify(encoding)}.`)
    this.#maxBytes = maxBytes
    this.#gzip = encoding === 'gzip'
  }

  /** The messages that are complete with this chunk. */
  push(chunk: Buffer): Buffer[] {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk])
    const messages: Buffer[] = []
    let at = 0
    for (let end = this.#endOf(bytes, at); end !== undefined && end <= bytes.length; end = this.#endOf(bytes, at)) {
      messages.push(this.#open(bytes[at]!, bytes.subarray(at + PREFIX_BYTES, end)))
      at = end
    }
    this.#rest = at === bytes.length ? undefined : bytes.subarray(at)
    return messages
  }

  /** Whether a message was cut off in the middle. */
  get unfinished(): boolean {
    return this.#rest !== undefined
  }

  #endOf(bytes: Buffer, at: number): number | undefined {
    if (bytes.length < at + PREFIX_BYTES) return undefined
    const length = bytes.readUInt32BE(at + 1)
    if (length > this.#maxBytes) throw tooLarge(this.#maxBytes)
    return at + PREFIX_BYTES + length
  }

  #open(flag: number, message: Buffer): Buffer {
    if (flag === 0) return message
    if (flag !== 1 || !this.#gzip)
      throw new ChatError('REQUEST_MALFORMED', 'The message is marked as compressed, but the call names no encoding for it.')
    try {
      return gunzipSync(message, { maxOutputLength: this.#maxBytes })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(this.#maxBytes)
      throw new ChatError('REQUEST_MALFORMED', 'The message is not valid gzip.')
    }
  }
}

function tooLarge(maxBytes: number): ChatError {
  return new ChatError('REQUEST_TOO_LARGE', `A message may have at most ${maxBytes} bytes.`)
}
