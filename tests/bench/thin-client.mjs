// A gRPC client that costs a load generator as little as node:http2 allows: requests are written as bytes, and of the
// answers only what the generator needs is decoded. Plain JavaScript, so that any Node from 20 on runs it as it is.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import http2 from 'node:http2'

const MAX_BATCH = 100
const UUID_LENGTH = 36

/** One user's connection: sends over one SendStream, receives over one Subscribe stream. */
export class ThinClient {
  #session
  #headers
  #sends
  #outbox = []
  #answers = new Map()
  /** Called with the text of every message that arrives. */
  onText = null
  /** Called when a stream ends that nobody closed. */
  onBreak = () => {}
  #closed = false

  constructor(session, token) {
    this.#session = session
    this.#headers = {
      ':method': 'POST',
      'content-type': 'application/grpc',
      te: 'trailers',
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    }
  }

  static async connect(port, token) {
    const session = http2.connect(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: 1 << 20, enablePush: false } })
    session.on('error', () => {})
    await once(session, 'connect')
    session.setLocalWindowSize(1 << 24)
    return new ThinClient(session, token)
  }

  /** A unary call with an encoded request; gives the encoded answer. */
  async call(path, request) {
    const stream = this.#open(path)
    stream.end(frame([request]))
    let answer
    const failure = await this.#read(stream, (message) => {
      answer = Buffer.from(message)
    })
    if (failure) throw failure
    return answer
  }

  /** Resolves when the stream is open and nothing will be missed. */
  subscribe() {
    const stream = this.#open('/chat4all.v1.LiveService/Subscribe')
    stream.end(frame([]))
    return new Promise((resolve, reject) => {
      const take = (message) => {
        resolve()
        eachText(message, (text) => this.onText?.(text))
      }
      this.#read(stream, take).then((failure) => {
        reject(failure ?? new Error('the stream ended'))
        if (!this.#closed) this.onBreak(failure)
      })
    })
  }

  /** Sends a text. Never waits; `onAnswer` is called with an Error when it was refused, and with nothing when it was accepted. Sends of one turn of the event loop travel together. */
  send(conversationId, text, onAnswer) {
    const messageId = newMessageId()
    this.#answers.set(messageId, onAnswer)
    if (this.#outbox.push(encodeSend(messageId, conversationId, text)) === 1) setImmediate(() => this.#flush())
  }

  async close() {
    this.#closed = true
    if (this.#session.destroyed) return
    const closed = once(this.#session, 'close')
    this.#session.destroy()
    await closed
  }

  #flush() {
    this.#sends ??= this.#openSends()
    for (let at = 0; at < this.#outbox.length; at += MAX_BATCH) this.#sends.write(frame(this.#outbox.slice(at, at + MAX_BATCH)))
    this.#outbox = []
  }

  #openSends() {
    const stream = this.#open('/chat4all.v1.MessageService/SendStream')
    const take = (message) => eachResult(message, (messageId, error) => this.#answered(messageId, error))
    this.#read(stream, take).then((failure) => {
      if (!this.#closed) this.onBreak(failure)
    })
    return stream
  }

  #answered(messageId, error) {
    const onAnswer = this.#answers.get(messageId)
    this.#answers.delete(messageId)
    onAnswer?.(error)
  }

  #open(path) {
    const stream = this.#session.request({ ...this.#headers, ':path': path })
    stream.on('error', () => {})
    return stream
  }

  /** Cuts the bytes of a stream into messages. Resolves when it ends, with an Error unless the status is OK. */
  #read(stream, take) {
    let rest
    stream.on('data', (chunk) => {
      const bytes = rest ? Buffer.concat([rest, chunk]) : chunk
      let at = 0
      while (at + 5 <= bytes.length) {
        const end = at + 5 + bytes.readUInt32BE(at + 1)
        if (end > bytes.length) break
        take(bytes.subarray(at + 5, end))
        at = end
      }
      rest = at < bytes.length ? bytes.subarray(at) : undefined
    })
    let status
    const note = (headers) => {
      if (headers['grpc-status'] !== undefined) status = headers
    }
    stream.on('response', note)
    stream.on('trailers', note)
    return new Promise((resolve) => {
      stream.on('close', () => {
        const code = status?.['grpc-status'] ?? 'none'
        resolve(code === '0' ? undefined : new Error(`gRPC status ${code}: ${decodeURIComponent(status?.['grpc-message'] ?? '')}`))
      })
    })
  }
}

/** UUIDs version 7 that rise: a time, a counter, and random bits of this process. */
const RANDOM = randomBytes(5).toString('hex')
let counter = 0
function newMessageId() {
  const time = Date.now().toString(16).padStart(12, '0')
  const count = (counter++ >>> 0).toString(16).padStart(8, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${count.slice(0, 3)}-8${count.slice(3, 6)}-${count.slice(6)}${RANDOM}`
}

/** An encoded SendMessageRequest as field 1 of a SendStreamRequest. Texts are ASCII. */
function encodeSend(messageId, conversationId, text) {
  const content = 1 + varintLength(text.length) + text.length
  const message = 2 * (2 + UUID_LENGTH) + 1 + varintLength(content) + content
  const bytes = Buffer.allocUnsafe(1 + varintLength(message) + message)
  let at = writeLength(bytes, 0, 0x0a, message)
  at += bytes.latin1Write(messageId, writeLength(bytes, at, 0x0a, UUID_LENGTH), UUID_LENGTH) + 2
  at += bytes.latin1Write(conversationId, writeLength(bytes, at, 0x12, UUID_LENGTH), UUID_LENGTH) + 2
  at = writeLength(bytes, at, 0x32, content)
  bytes.latin1Write(text, writeLength(bytes, at, 0x12, text.length), text.length)
  return bytes
}

/** The pieces of one message with the five bytes that gRPC puts before it. */
function frame(pieces) {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
  const head = Buffer.alloc(5)
  head.writeUInt32BE(length, 1)
  return Buffer.concat([head, ...pieces], length + 5)
}

function varintLength(value) {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : 3
}

function writeLength(bytes, at, tag, length) {
  bytes[at++] = tag
  for (; length > 0x7f; length >>>= 7) bytes[at++] = (length & 0x7f) | 0x80
  bytes[at++] = length
  return at
}

/** Calls back with every field of an encoded message: its number, and the bounds of its value. */
function eachField(bytes, from, to, visit) {
  for (let at = from; at < to; ) {
    let tag = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]
      tag |= (byte & 0x7f) << shift
      if (byte < 0x80) break
    }
    const start = at
    if ((tag & 7) === 0) while (bytes[at++] > 0x7f);
    else if ((tag & 7) === 1) at += 8
    else if ((tag & 7) === 5) at += 4
    else {
      let length = 0
      for (let shift = 0; ; shift += 7) {
        const byte = bytes[at++]
        length |= (byte & 0x7f) << shift
        if (byte < 0x80) break
      }
      visit(tag >>> 3, at, at + length)
      at += length
      continue
    }
    visit(tag >>> 3, start, at)
  }
}

/** SubscribeResponse.events (1), Event.message_created (10), Message.payload (6), Payload.text (2). */
function eachText(bytes, visit) {
  eachField(bytes, 0, bytes.length, (number, from, to) => number === 1 && visitEvent(bytes, from, to, visit))
}
function visitEvent(bytes, from, to, visit) {
  eachField(bytes, from, to, (number, a, b) => number === 10 && visitMessage(bytes, a, b, visit))
}
function visitMessage(bytes, from, to, visit) {
  eachField(bytes, from, to, (number, a, b) => number === 6 && visitPayload(bytes, a, b, visit))
}
function visitPayload(bytes, from, to, visit) {
  eachField(bytes, from, to, (number, a, b) => number === 2 && visit(bytes.latin1Slice(a, b)))
}

/** SendStreamResponse.results (1): SendResult.message_id (1), error (3) with a google.rpc.Status, whose message is 2. */
function eachResult(bytes, visit) {
  eachField(bytes, 0, bytes.length, (number, from, to) => {
    if (number !== 1) return
    let messageId = ''
    let error
    eachField(bytes, from, to, (field, a, b) => {
      if (field === 1) messageId = bytes.latin1Slice(a, b)
      else if (field === 3) error = statusError(bytes, a, b)
    })
    visit(messageId, error)
  })
}

function statusError(bytes, from, to) {
  let message = 'refused'
  eachField(bytes, from, to, (number, a, b) => {
    if (number === 2) message = bytes.utf8Slice(a, b)
  })
  return new Error(message)
}
