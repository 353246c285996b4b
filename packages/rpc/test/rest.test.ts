import { once } from 'node:events'
import { connect } from 'node:http2'
import { gzipSync } from 'node:zlib'
import { create, type JsonObject, toBinary } from '@bufbuild/protobuf'
import { ChatError } from '@chat4all/base'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CallContext, rpcService, type Stoppable, type StreamWriter, startHttpServer } from '../src/index.ts'
import { contract, rule } from '../src/rest/testing/contract.ts'
import { as, authenticate, FLOOD_FRAMES, MESSAGE, Seen, services } from './fixture.ts'

const HTTP_BODY = 'google.api.HttpBody'
const { service, message } = contract({
  enums: { Kind: ['KIND_UNSPECIFIED', 'KIND_FIRST'] },
  messages: {
    In: ['string id', 'string cursor', `${HTTP_BODY} file`, 'Kind kind'],
    Out: ['string id', 'string cursor', 'bool heartbeat', 'repeated Kind kinds', `${HTTP_BODY} file`],
  },
  rpcs: {
    Echo: [
      'In -> Out',
      rule('get', '/echo/{id}', { additionalBindings: [rule('delete', '/echo/{id}'), rule('post', '/echo', { body: '*' })] }),
    ],
    Kinds: ['In -> Out', rule('get', '/kinds', { responseBody: 'kinds' })],
    Upload: ['In -> Out', rule('post', '/files/{id=**}', { body: 'file' })],
    Download: [`In -> ${HTTP_BODY}`, rule('get', '/files/{id=**}')],
    Part: ['In -> Out', rule('get', '/parts/{id}', { responseBody: 'file' })],
    Pieces: [`In -> stream ${HTTP_BODY}`, rule('get', '/pieces')],
    Watch: ['In -> stream Out', rule('get', '/watch/{id}')],
  },
})

interface In {
  readonly id: string
  readonly cursor: string
  readonly file?: { readonly contentType: string; readonly data: Uint8Array }
  readonly kind: number
}

const bytes = (text: string) => new TextEncoder().encode(text)
const contexts: CallContext[] = []
const testService = rpcService(service, {
  echo: async ({ id, cursor, kind }: In) => ({ id, cursor, kinds: [kind] }),
  kinds: async () => ({ kinds: [1, 0] }),
  upload: async ({ id, file }: In) => ({ id: `${id} ${file?.contentType} ${new TextDecoder().decode(file?.data)}` }),
  download: async ({ id }: In) => ({ contentType: 'text/plain', data: bytes(`content of ${id}`) }),
  part: async ({ id }: In) => (id === 'none' ? {} : { file: { contentType: 'image/png', data: bytes('png') } }),
  pieces: async (_: In, __: CallContext, out: StreamWriter) => {
    for (const text of ['one ', 'two']) await out.send({ contentType: 'text/plain', data: bytes(text) } as never)
  },
  watch: async ({ id, cursor }: In, context: CallContext, out: StreamWriter) => {
    contexts.push(context)
    if (id === 'fail') throw new ChatError('USER_NOT_FOUND', 'Nobody.')
    await out.send({ id, cursor: cursor === '' ? '1' : `${cursor}+1`, kinds: [1] } as never)
    const Out = message('Out')
    out.write(toBinary(Out, create(Out, { heartbeat: true } as never)))
    if (id === 'break') throw new ChatError('ENGINE_UNAVAILABLE', 'Away.', { retryAfterMs: 1500 })
    if (id === 'hold')
      await new Promise((_resolve, reject) => context.signal.addEventListener('abort', () => reject(context.signal.reason)))
  },
} as never)

const seen = new Seen()
let server: Stoppable
let base: string
beforeAll(async () => {
  const all = [...services(seen), { ...testService, open: true }]
  server = await startHttpServer({ host: '127.0.0.1', port: 0, services: all, authenticate, maxRequestBytes: 100_000 })
  base = `http://127.0.0.1:${server.port}`
})
afterAll(() => server.stop(1000))

const JSON_TYPE = { 'content-type': 'application/json' }
const call = (method: string, path: string, body?: string | Uint8Array, headers: Record<string, string> = {}) =>
  fetch(`${base}${path}`, { method, headers, ...(body === undefined ? {} : { body: body as string }) })
const send = (json: unknown, headers: Record<string, string> = {}) =>
  call('POST', '/v1/messages', typeof json === 'string' ? json : JSON.stringify(json), { ...JSON_TYPE, ...as('user'), ...headers })
const message1 = (to: string) => ({ message_id: MESSAGE, to, payload: { type: 'text', text: 'hello' } })

/** The status of an answer, the reason, and the fields to blame. */
async function refusal(answer: Response | Promise<Response>): Promise<readonly unknown[]> {
  const response = await answer
  const { details } = (await response.json()) as {
    details: readonly { reason?: string; field_violations?: readonly { field: string }[] }[]
  }
  return [
    response.status,
    details[0]?.reason,
    ...details.flatMap(({ field_violations = [] }) => field_violations.map(({ field }) => field)),
  ]
}

it('a server whose RPCs claim the same path does not start', async () => {
  const rpcs = { One: ['In -> In', rule('get', '/same/{id}')], Two: ['In -> In', rule('get', '/same/{id=*}')] } as const
  const clash = rpcService(contract({ messages: { In: ['string id'] }, rpcs }).service, { one() {}, two() {} } as never)
  await expect(startHttpServer({ host: '127.0.0.1', port: 0, services: [clash] })).rejects.toThrow(
    '/test.v1.TestService/Two and /test.v1.TestService/One both claim the same GET path',
  )
})

describe('a call', () => {
  it('takes and gives JSON in the names of the contract', async () => {
    const response = await send(message1('bob'), { 'x-request-id': 'mine' })
    expect([response.status, response.headers.get('content-type'), response.headers.get('x-request-id')]).toEqual([
      200,
      'application/json',
      'mine',
    ])
    expect(await response.json()).toEqual({ status: 'accepted', message_id: MESSAGE, conversation_id: 'ada' })
  })

  it('tells its handler who calls, for how long, and for which trace', async () => {
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
    await send(message1('bob'), { traceparent, 'x-server-timeout': '30' })
    const { principal, deadlineAt, traceparent: passedOn } = seen.contexts.at(-1)!
    const seconds = (deadlineAt! - performance.now()) / 1000
    expect([principal?.userId, passedOn, seconds > 1 && seconds <= 30]).toEqual(['ada', traceparent, true])
  })

  it('is reached by each of its paths, and refuses what its rules refuse', async () => {
    expect(await (await call('GET', '/echo/a%2Fb?kind=first')).json()).toMatchObject({ id: 'a/b', kinds: ['first'] })
    expect(await (await call('DELETE', '/echo/a')).json()).toMatchObject({ id: 'a' })
    expect(await (await call('POST', '/echo', '{"id":"b"}', JSON_TYPE)).json()).toMatchObject({ id: 'b', cursor: '', heartbeat: false })
    expect(await refusal(send({ ...message1('bob'), payload: { type: 'text', text: ' ' } }))).toEqual([
      400,
      'FIELD_INVALID',
      'payload.text',
    ])
  })

  it('needs a token, and is told so before anything is read', async () => {
    const response = await call('POST', '/v1/messages', '{', JSON_TYPE)
    expect(response.headers.get('www-authenticate')).toBe('Bearer')
    expect(await refusal(response)).toEqual([401, 'TOKEN_INVALID'])
    expect(await refusal(send('{', as('nobody')))).toEqual([401, 'TOKEN_INVALID'])
    expect(await refusal(call('GET', '/v1/tenants', undefined, as('client')))).toEqual([403, 'ACCESS_DENIED'])
  })

  it('is refused for a body that is not JSON, not of its type, or too large', async () => {
    expect(await refusal(send('{'))).toEqual([400, 'REQUEST_MALFORMED'])
    expect(await refusal(call('POST', '/echo', new Uint8Array([0x22, 0xff, 0x22]), JSON_TYPE))).toEqual([400, 'REQUEST_MALFORMED'])
    expect(await refusal(send({ ...message1('bob'), metadata: { a: 1 } }))).toEqual([400, 'FIELD_INVALID', 'metadata'])
    expect(await refusal(send({ message: {} }))).toEqual([400, 'FIELD_INVALID', 'message'])
    expect(await refusal(send(`"${'x'.repeat(100_000)}"`))).toEqual([413, 'REQUEST_TOO_LARGE'])
    expect(await refusal(send(`${'['.repeat(40_000)}${']'.repeat(40_000)}`))).toEqual([400, 'REQUEST_MALFORMED'])
    expect(await refusal(call('DELETE', '/echo/a', '{}', JSON_TYPE))).toEqual([400, 'REQUEST_MALFORMED'])
    expect(await refusal(call('GET', '/echo/%zz'))).toEqual([400, 'REQUEST_MALFORMED'])
    expect(await refusal(call('GET', '/echo/a?nothing=1'))).toEqual([400, 'FIELD_INVALID', 'nothing'])
  })

  it('is refused when it grows too large while it comes, and the connection lives on', async () => {
    const chunks = (async function* () {
      for (let i = 0; i < 20; i++) yield bytes(' '.repeat(10_000))
    })()
    const response = fetch(`${base}/echo`, { method: 'POST', headers: JSON_TYPE, body: chunks, duplex: 'half' } as never)
    expect(await refusal(response)).toEqual([413, 'REQUEST_TOO_LARGE'])
    expect((await call('GET', '/echo/a')).status).toBe(200)
  })

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=utf-16', 'application/jsonp', 'application/grpc'])(
    'is refused for a body of %s',
    async (type) => {
      const response = await call('POST', '/echo', '{}', { 'content-type': type })
      expect(response.headers.get('accept')).toBe('application/json')
      expect(await refusal(response)).toEqual([415, 'REQUEST_MALFORMED'])
    },
  )

  it.each(['application/json; charset=utf-8', 'Application/JSON ;charset="UTF-8"'])('is taken with a body of %s', async (type) => {
    expect((await call('POST', '/echo', '{}', { 'content-type': type })).status).toBe(200)
  })

  it('takes no body as an empty one, whatever its type', async () => {
    expect((await call('POST', '/echo')).status).toBe(200)
    expect((await call('POST', '/echo', '', { 'content-type': 'text/plain' })).status).toBe(200)
  })

  it('may be compressed, but not to more than the limit', async () => {
    const gzip = { ...JSON_TYPE, 'content-encoding': 'gzip' }
    expect(await (await call('POST', '/echo', gzipSync('{"id":"packed"}'), gzip)).json()).toMatchObject({ id: 'packed' })
    expect(await refusal(call('POST', '/echo', gzipSync(' '.repeat(200_000)), gzip))).toEqual([413, 'REQUEST_TOO_LARGE'])
    expect(await refusal(call('POST', '/echo', 'not gzip', gzip))).toEqual([400, 'REQUEST_MALFORMED'])
    expect(await refusal(call('POST', '/echo', '{}', { ...JSON_TYPE, 'content-encoding': 'br' }))).toEqual([415, 'REQUEST_MALFORMED'])
    const large = await call('GET', `/v1/messages/${MESSAGE}`, undefined, { ...as('user'), 'accept-encoding': 'gzip' })
    expect([large.headers.get('content-encoding'), Number(large.headers.get('content-length')) < 2_000]).toEqual(['gzip', true])
    expect(((await large.json()) as JsonObject).message).toMatchObject({ message_id: MESSAGE })
    const plain = await call('GET', `/v1/messages/${MESSAGE}`, undefined, { ...as('user'), 'accept-encoding': 'gzip;q=0' })
    expect(plain.headers.get('content-encoding')).toBe(null)
  })

  it('is refused on a path that is not there, and with a method that is not there', async () => {
    expect(await refusal(call('GET', '/v1/nothing'))).toEqual([404, 'METHOD_NOT_FOUND'])
    const wrong = await call('PUT', '/v1/messages', '{}', JSON_TYPE)
    expect(wrong.headers.get('allow')).toBe('POST, OPTIONS')
    expect(await refusal(wrong)).toEqual([405, 'METHOD_NOT_FOUND'])
    expect(await (await call('POST', '/chat4all.v1.MessageService/Nothing', '{}', JSON_TYPE)).json()).toMatchObject({ code: 'not_found' })
  })

  it('answers HEAD as GET without the body, and OPTIONS with what is possible', async () => {
    const head = await call('HEAD', '/echo/a')
    const get = await call('GET', '/echo/a')
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, get.headers.get('content-length'), ''])
    expect((await call('HEAD', `/v1/events`, undefined, as('user'))).status).toBe(200)
    expect((await call('HEAD', `/v1/events`)).status).toBe(401)
    expect((await call('HEAD', '/v1/messages')).status).toBe(405)
    const options = await call('OPTIONS', '/echo/a')
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'HEAD, DELETE, GET, OPTIONS'])
  })

  it('says when to come back, and hides what nobody foresaw', async () => {
    const limited = await send(message1('limited'))
    expect(limited.headers.get('retry-after')).toBe('2')
    expect(await refusal(limited)).toEqual([429, 'RATE_LIMITED'])
    const bug = await send(message1('bug'), { 'x-request-id': 'report-me' })
    const text = await bug.text()
    expect([bug.status, text.includes('report-me'), text.includes('secret')]).toEqual([500, true, false])
  })

  it.each([
    ['x-server-timeout', '0.05'],
    ['grpc-timeout', '50m'],
  ])('ends when the time of %s is over', async (header, value) => {
    expect(await refusal(send(message1('hang'), { [header]: value }))).toEqual([504, 'DEADLINE_EXCEEDED'])
    expect(seen.contexts.at(-1)?.signal.reason).toMatchObject({ reason: 'DEADLINE_EXCEEDED' })
  })

  it('is cut short when the caller goes away', async () => {
    const before = seen.contexts.length
    const leave = new AbortController()
    const pending = fetch(`${base}/v1/messages`, {
      method: 'POST',
      body: JSON.stringify(message1('hang')),
      headers: { ...JSON_TYPE, ...as('user') },
      signal: leave.signal,
    }).catch(() => 'left')
    await expect.poll(() => seen.contexts.length).toBe(before + 1)
    leave.abort()
    expect(await pending).toBe('left')
    await expect.poll(() => seen.contexts.at(-1)?.signal.reason).toMatchObject({ reason: 'CANCELLED' })
  })

  it('is the same over HTTP/2: with a body, with too much of one, and without a caller', async () => {
    const session = connect(base)
    const post = (body: string) => session.request({ ':method': 'POST', ':path': '/v1/messages', ...JSON_TYPE, ...as('user') }).end(body)
    const answer = async (stream: ReturnType<typeof post>) => {
      const [headers] = (await once(stream, 'response')) as [Record<string, unknown>]
      return [headers[':status'], JSON.parse(Buffer.concat(await stream.toArray()).toString())]
    }
    expect(await answer(post(JSON.stringify(message1('bob'))))).toMatchObject([200, { status: 'accepted' }])
    expect(await answer(post(' '.repeat(300_000)))).toMatchObject([413, { details: [{ reason: 'REQUEST_TOO_LARGE' }] }])
    const before = seen.contexts.length
    const left = post(JSON.stringify(message1('hang')))
    await expect.poll(() => seen.contexts.length).toBe(before + 1)
    left.destroy()
    await expect.poll(() => seen.contexts.at(-1)?.signal.reason).toMatchObject({ reason: 'CANCELLED' })
    session.close()
  })

  it('does not see its signal abort when it ends well', async () => {
    await send(message1('bob'))
    await expect.poll(() => seen.contexts.at(-1)?.signal.aborted).toBe(false)
  })
})

describe('bytes', () => {
  it('come and go as they are', async () => {
    const upload = await call('POST', '/files/a/b%2Fc', 'hello', { 'content-type': 'text/x-test' })
    expect(await upload.json()).toMatchObject({ id: 'a/b%2Fc text/x-test hello' })
    const download = await call('GET', '/files/a/b')
    expect([download.headers.get('content-type'), await download.text()]).toEqual(['text/plain', 'content of a/b'])
  })

  it('may be one field of the answer, or a stream', async () => {
    const part = await call('GET', '/parts/1')
    expect([part.headers.get('content-type'), await part.text()]).toEqual(['image/png', 'png'])
    const none = await call('GET', '/parts/none')
    expect([none.status, none.headers.get('content-type'), await none.text()]).toEqual([200, 'application/octet-stream', ''])
    const pieces = await call('GET', '/pieces')
    expect([pieces.headers.get('content-type'), await pieces.text()]).toEqual(['text/plain', 'one two'])
  })

  it('are not made of an answer that is one field', async () => {
    expect(await (await call('GET', '/kinds')).json()).toEqual(['first', 'unspecified'])
  })
})

describe('a stream', () => {
  const SSE = { accept: 'text/event-stream' }
  const lines = async (response: Response) =>
    (await response.text())
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as JsonObject)

  it('comes as one line of JSON for each answer', async () => {
    const response = await call('GET', '/watch/a')
    expect(response.headers.get('content-type')).toBe('application/x-ndjson')
    expect(await lines(response)).toEqual([
      { result: { id: 'a', cursor: '1', heartbeat: false, kinds: ['first'] } },
      { result: { id: '', cursor: '', heartbeat: true, kinds: [] } },
    ])
  })

  it('comes as events when asked, with cursors as ids and heartbeats as comments', async () => {
    const response = await call('GET', '/watch/a', undefined, SSE)
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    expect(await response.text()).toBe('id: 1\ndata: {"id":"a","cursor":"1","heartbeat":false,"kinds":["first"]}\n\n: heartbeat\n\n')
  })

  it('goes on after the last event that the client has, whatever its URL still says', async () => {
    const resumed = await call('GET', '/watch/a?cursor=1', undefined, { ...SSE, 'last-event-id': '7' })
    expect(await resumed.text()).toContain('id: 7+1\n')
    expect(await lines(await call('GET', '/watch/a?cursor=1'))).toMatchObject([{ result: { cursor: '1+1' } }, {}])
  })

  it('that fails before it begins is refused as any call', async () => {
    for (const accept of [{}, SSE])
      expect(await refusal(call('GET', '/watch/fail', undefined, accept as never))).toEqual([404, 'USER_NOT_FOUND'])
    expect(await refusal(call('GET', '/v1/events', undefined, SSE))).toEqual([401, 'TOKEN_INVALID'])
  })

  it('that fails later says so at its end', async () => {
    const broken = await call('GET', '/watch/break')
    expect([broken.status, (await lines(broken)).at(-1)]).toMatchObject([
      200,
      { error: { code: 14, message: 'Away.', details: [{ reason: 'ENGINE_UNAVAILABLE' }, { retry_delay: '1.500s' }] } },
    ])
    const events = await (await call('GET', '/watch/break', undefined, SSE)).text()
    expect(events).toMatch(/: heartbeat\n\nretry: 1500\nevent: error\ndata: \{"code":14,.*\}\n\n$/)
  })

  it('ends with its deadline', async () => {
    const response = await call('GET', '/watch/hold', undefined, { 'x-server-timeout': '0.05' })
    expect((await lines(response)).at(-1)).toMatchObject({ error: { details: [{ reason: 'DEADLINE_EXCEEDED' }] } })
  })

  it('is cut short when the client goes away', async () => {
    const before = contexts.length
    const response = await call('GET', '/watch/hold')
    await response.body?.cancel()
    await expect.poll(() => contexts.at(before)?.signal.reason).toMatchObject({ reason: 'CANCELLED' })
  })

  it('waits for a slow reader on HTTP/1.1', async () => {
    seen.written = 0
    seen.flooded = false
    const response = await call('GET', '/v1/events?cursor=flood', undefined, as('user'))
    await stalled()
    expect(seen.written).toBeLessThan(FLOOD_FRAMES / 10)
    await response.body?.cancel()
    await expect.poll(() => seen.flooded).toBe(true)
    expect(seen.written).toBeLessThan(FLOOD_FRAMES)
  })

  it('waits for a slow reader on HTTP/2, and goes on when it reads', async () => {
    seen.written = 0
    seen.flooded = false
    const session = connect(base)
    const stream = session.request({ ':path': '/v1/events?cursor=flood', ...as('user') })
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>]
    expect([headers[':status'], headers['content-type']]).toEqual([200, 'application/x-ndjson'])
    await stalled()
    expect(seen.written).toBeLessThan(FLOOD_FRAMES / 10)
    let size = 0
    for await (const chunk of stream) {
      size += (chunk as Buffer).length
      if (size > 5_000_000) break
    }
    await expect.poll(() => seen.flooded).toBe(true)
    session.close()
  })

  it('ends when the server stops, and says so', async () => {
    const stopping = await startHttpServer({ host: '127.0.0.1', port: 0, services: [{ ...testService, open: true }] })
    const responses = await Promise.all(
      [{}, SSE].map((headers) => fetch(`http://127.0.0.1:${stopping.port}/watch/hold`, { headers: headers as never })),
    )
    await stopping.stop(5000)
    for (const response of responses) expect((await response.text()).trimEnd().split('\n').at(-1)).toContain('"SHUTTING_DOWN"')
  })
})

/** Resolves when the flood has written nothing for a while: it waits for its reader. */
async function stalled(): Promise<void> {
  for (let last = -1; seen.written === 0 || last !== seen.written; ) {
    last = seen.written
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}
