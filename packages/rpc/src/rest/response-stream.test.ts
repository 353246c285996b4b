import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { create, toBinary } from '@bufbuild/protobuf'
import { LiveService, SubscribeResponseSchema } from '@chat4all/gen/chat4all/v1/live_service_pb.js'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Call, cancelled } from '../call.ts'
import { bindingsOf } from './bindings.ts'
import { ResponseStream } from './response-stream.ts'
import { streamFormats } from './stream-format.ts'

const { subscribe } = LiveService.method
const formatFor = streamFormats(bindingsOf(subscribe)[0]!)
const frame = toBinary(SubscribeResponseSchema, create(SubscribeResponseSchema, { cursor: 'c1' }))

/** A connection whose other side takes nothing while it is full. */
class FakeResponse extends EventEmitter {
  headersSent = false
  readonly destroyed = false
  readonly written: unknown[] = []
  full = false
  over = false

  writeHead(): this {
    this.headersSent = true
    return this
  }

  write(chunk: unknown): boolean {
    this.written.push(chunk)
    return !this.full
  }

  end(chunk?: unknown): void {
    if (chunk !== undefined) this.written.push(chunk)
    this.over = true
  }
}

function open(accept: string) {
  const response = new FakeResponse()
  const call = new Call(subscribe, 'r1')
  const stream = new ResponseStream(subscribe.output, formatFor(accept), call, response as unknown as ServerResponse)
  return { response, call, stream }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('makes a frame that streams share once for each format', () => {
  const [one, other, lines] = [open('text/event-stream'), open('text/event-stream'), open('*/*')]
  for (const { stream } of [one, other, lines]) stream.write(frame)
  expect(one.response.written[0]).toBe(other.response.written[0])
  expect(`${one.response.written[0]}`).toMatch(/^id: c1\ndata: \{.*\}\n\n$/)
  expect(`${lines.response.written[0]}`).toMatch(/^\{"result":\{.*\}\}\n$/)
})

it('tells that a quiet stream of events is alive, and nothing more once it has ended', () => {
  const { response, stream } = open('text/event-stream')
  stream.write(frame)
  vi.advanceTimersByTime(15_000)
  expect(response.written).toHaveLength(1)
  vi.advanceTimersByTime(15_000)
  expect(response.written.map(String).slice(1)).toEqual([': idle\n\n'])
  stream.end(undefined)
  vi.advanceTimersByTime(60_000)
  expect([response.written.length, response.over, vi.getTimerCount()]).toEqual([2, true, 0])
})

it('lets its writer wait until the reader has taken what is there, or the call is over', async () => {
  const { response, call, stream } = open('*/*')
  await stream.drained()
  response.full = true
  expect(stream.write(frame)).toBe(false)
  const waits = [stream.drained(), stream.drained()]
  response.full = false
  response.emit('drain')
  await Promise.all(waits)
  response.full = true
  stream.write(frame)
  const wait = stream.drained()
  call.abort(cancelled())
  await wait
  expect([stream.write(frame), response.written.length]).toEqual([true, 2])
  await expect(stream.send({ cursor: 'c2' })).rejects.toMatchObject({ reason: 'CANCELLED' })
})

it('leaves the first answer to whoever answers errors, and the last to itself', () => {
  const early = open('*/*')
  expect([early.stream.end(cancelled()), early.response.over]).toEqual([false, false])
  const late = open('*/*')
  late.stream.write(frame)
  expect([late.stream.end(cancelled()), late.response.over]).toEqual([true, true])
  expect(JSON.parse(`${late.response.written.at(-1)}`)).toMatchObject({ error: { code: 1, details: [{ reason: 'CANCELLED' }] } })
})
