import { connect, type Socket } from 'node:net'

/** HTTP/2 frames made by hand (RFC 9113 §4), for clients that no library would be. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')
const [HEADERS, RST_STREAM, SETTINGS, PING, CONTINUATION] = [1, 3, 4, 6, 9]
const [END_STREAM, END_HEADERS] = [1, 4]
const CANCEL = 8

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

export const settings = () => frame(SETTINGS, 0, 0, Buffer.alloc(0))
export const ping = () => frame(PING, 0, 0, Buffer.alloc(8))
export const continuation = (stream: number, payload: Buffer) => frame(CONTINUATION, 0, stream, payload)

export function reset(stream: number): Buffer {
  const code = Buffer.alloc(4)
  code.writeUInt32BE(CANCEL)
  return frame(RST_STREAM, 0, stream, code)
}

/** A gRPC call, as HPACK without a dynamic table (RFC 7541 §6.2.2). `more` headers may follow in CONTINUATION frames. */
export function headers(stream: number, path: string, more = false): Buffer {
  const literal = (name: string, value: string) => {
    const text = (part: string) => Buffer.concat([Buffer.from([part.length]), Buffer.from(part)])
    return Buffer.concat([Buffer.from([0]), text(name), text(value)])
  }
  const fields = [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', path],
    [':authority', 'x'],
    ['content-type', 'application/grpc'],
  ] as const
  const block = Buffer.concat(fields.map(([name, value]) => literal(name, value)))
  return frame(HEADERS, more ? 0 : END_HEADERS | END_STREAM, stream, block)
}

/** A connection that has said hello, and what came of it. */
export class RawConnection {
  readonly socket: Socket
  closed = false

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1')
    this.socket.on('error', () => {})
    this.socket.resume()
    this.socket.once('close', () => {
      this.closed = true
    })
    this.socket.write(Buffer.concat([PREFACE, settings()]))
  }

  /** Writes until everything is out or the server has hung up. */
  async write(frames: readonly Buffer[]): Promise<void> {
    for (let at = 0; at < frames.length && !this.closed; at += 500) {
      const chunk = Buffer.concat(frames.slice(at, at + 500))
      await new Promise<void>((resolve) => this.socket.write(chunk, () => resolve()))
    }
  }
}
