import { once } from 'node:events'
import { connect } from 'node:http2'
import { newId } from '@chat4all/base'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EventStream } from './support/event-stream.ts'
import { type Tenant, World } from './support/world.ts'

let world: World
let acme: Tenant
let base: string
let token: string
beforeAll(async () => {
  world = await World.start()
  acme = await world.tenant()
  base = `http://127.0.0.1:${world.server.httpPort}`
  token = ((await post('/auth/token', acme.credentials)).json as { access_token: string }).access_token
  await post('/v1/users:batchUpsert', { users: ['ana', 'bo', 'cleo'].map((user_id) => ({ user_id })) })
})
afterAll(() => world[Symbol.asyncDispose]())

interface Answer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: JSON of many shapes, compared by the tests
  readonly json: any
}

async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const authorization: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const response = await fetch(`${base}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...authorization, ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  return { status: response.status, headers: response.headers, json: await response.json() }
}
const post = (path: string, body: unknown) => call('POST', path, body)
const get = (path: string) => call('GET', path)

async function newGroup(): Promise<string> {
  const { json } = await post('/v1/conversations', { type: 'group', members: ['ana', 'bo'], metadata: {} })
  return json.conversation.conversation_id
}

const say = (conversation_id: string, text: string, more = {}) =>
  post('/v1/messages', { message_id: newId(), conversation_id, from: 'ana', payload: { type: 'text', text }, ...more })

/** Messages appear a moment after they were accepted. */
async function messagesSince(conversationId: string, since: number, count: number) {
  const list = async () => (await get(`/v1/conversations/${conversationId}/messages?since=${since}`)).json.messages
  await expect.poll(list, { timeout: 10_000 }).toHaveLength(count)
  return await list()
}

describe('the founding calls', () => {
  it('give a token for a client id and its secret', async () => {
    const { status, json } = await post('/auth/token', acme.credentials)
    expect([status, json]).toMatchObject([200, { token_type: 'Bearer', tenant_id: acme.tenantId }])
    expect(await post('/auth/token', { ...acme.credentials, client_secret: 'wrong' })).toMatchObject({
      status: 401,
      json: { code: 16, details: [{ reason: 'CREDENTIALS_INVALID' }] },
    })
  })

  it.each(['private', 'group'])('open a %s conversation', async (type) => {
    const { status, json } = await post('/v1/conversations', { type, members: ['ana', 'cleo'], metadata: { team: 'red' } })
    expect([status, json]).toMatchObject([200, { created: true, conversation: { type, member_count: 2, metadata: { team: 'red' } } }])
    const { conversation_id } = json.conversation
    expect((await get(`/v1/conversations/${conversation_id}`)).json.conversation).toMatchObject({
      conversation_id,
      type,
      last_sequence: '0',
    })
  })

  it.each([
    ['one name', 'bo'],
    ['a list of one', ['bo']],
  ])('send a message, with the receiver as %s, and read it back', async (_name, to) => {
    const { json } = await post('/v1/conversations', { type: 'private', members: ['ana', 'bo'], metadata: {} })
    const { conversation_id, last_sequence } = json.conversation
    const message = {
      message_id: newId(),
      conversation_id,
      from: 'ana',
      to,
      channels: ['whatsapp', 'instagram'],
      payload: { type: 'text', text: 'Olá!' },
      metadata: { priority: 'high' },
    }
    const sent = await post('/v1/messages', message)
    expect([sent.status, sent.json]).toMatchObject([200, { status: 'accepted', message_id: message.message_id, conversation_id }])
    const { to: _, ...stored } = message
    expect(await messagesSince(conversation_id, Number(last_sequence), 1)).toMatchObject([stored])
    expect((await post('/v1/messages', message)).json).toEqual(sent.json)
  })

  it('read on from a sequence', async () => {
    const group = await newGroup()
    for (const text of ['one', 'two', 'three']) await say(group, text)
    const texts = (await messagesSince(group, 1, 2)).map((message: { sequence: string; payload: { text: string } }) => [
      message.sequence,
      message.payload.text,
    ])
    expect(texts).toEqual([
      ['2', 'two'],
      ['3', 'three'],
    ])
  })
})

describe('a refusal', () => {
  it.each<[string, () => Promise<Answer>, number, string]>([
    ['without a token', () => call('GET', '/v1/users', undefined, { authorization: '' }), 401, 'TOKEN_INVALID'],
    ['of a conversation that is not there', () => get(`/v1/conversations/${newId()}`), 404, 'CONVERSATION_NOT_FOUND'],
    ['of an id that is none', () => get('/v1/conversations/7'), 400, 'FIELD_INVALID'],
    ['of an unknown parameter', () => get('/v1/users?pagesize=1'), 400, 'FIELD_INVALID'],
    ['of an unknown type', () => post('/v1/conversations', { type: 'secret', members: ['ana', 'bo'] }), 400, 'FIELD_INVALID'],
    ['of broken JSON', () => post('/v1/conversations', '{"type":'), 400, 'REQUEST_MALFORMED'],
    ['of more than 4 MiB', () => post('/v1/messages', `"${'x'.repeat(4 * 1024 * 1024)}"`), 413, 'REQUEST_TOO_LARGE'],
    [
      'of a type that disagrees',
      () => post('/v1/messages', { from: 'ana', to: 'bo', payload: { type: 'file', text: 'x' } }),
      400,
      'FIELD_INVALID',
    ],
    [
      'of somebody else’s conversation',
      () => post('/v1/messages', { from: 'ana', to: 'ana', payload: { text: 'x' } }),
      400,
      'FIELD_INVALID',
    ],
    ['of a path that is not there', () => get('/v1/nothing'), 404, 'METHOD_NOT_FOUND'],
    ['of a method that is not there', () => call('PUT', '/v1/conversations', {}), 405, 'METHOD_NOT_FOUND'],
    [
      'of another form of body',
      () => call('POST', '/v1/messages', 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }),
      415,
      'REQUEST_MALFORMED',
    ],
  ])('%s has its status and its reason', async (_name, run, status, reason) => {
    const answer = await run()
    expect([answer.status, answer.json.details[0].reason, answer.json.details[0]['@type']]).toEqual([
      status,
      reason,
      'type.googleapis.com/google.rpc.ErrorInfo',
    ])
    expect(answer.headers.get('x-request-id')).toMatch(/./)
  })

  it('names the field', async () => {
    const { json } = await post('/v1/messages', { from: 'ana', to: 'bo', payload: { text: '' } })
    expect(json.details[1]).toMatchObject({ field_violations: [{ field: 'payload.text' }] })
  })

  it('of a receiver who is no member names them', async () => {
    const { status, json } = await say(await newGroup(), 'hi', { to: 'cleo' })
    expect([status, json.details[0]]).toMatchObject([404, { reason: 'MEMBER_NOT_FOUND', metadata: { user_id: 'cleo' } }])
  })
})

describe('live', () => {
  const path = '/v1/events?user_id=bo'
  const open = (more: Record<string, string> = {}, at = path) =>
    EventStream.open(`${base}${at}`, { authorization: `Bearer ${token}`, ...more })
  /** Earlier events may come again. */
  const missed = ({ texts }: EventStream) => texts.filter((text) => ['east', 'south', 'west'].includes(text))

  it('events come with a cursor as their id, and a client that comes back misses nothing', async () => {
    const group = await newGroup()
    const first = await open()
    expect(first.headers.get('content-type')).toBe('text/event-stream')
    await first.until(({ data }) => data.caught_up)
    await say(group, 'north')
    const one = await first.until(({ texts }) => texts.includes('north'))
    first.close()
    for (const text of ['east', 'south']) await say(group, text)
    const second = await open({ 'last-event-id': one.id })
    await second.until(({ texts }) => texts.includes('south'))
    expect(missed(second)).toEqual(['east', 'south'])
    await say(group, 'west')
    const four = await second.until(({ texts }) => texts.includes('west'))
    second.close()
    const byParameter = await open({}, `${path}&cursor=${encodeURIComponent(one.id)}`)
    await byParameter.until(({ texts }) => texts.includes('west'))
    expect(missed(byParameter)).toEqual(['east', 'south', 'west'])
    byParameter.close()
    expect(four.id).not.toBe(one.id)
  })

  it('a cursor that is none is refused before the stream begins', async () => {
    expect(await call('GET', path, undefined, { accept: 'text/event-stream', 'last-event-id': 'nonsense' })).toMatchObject({
      status: 400,
      json: { details: [{ reason: 'TOKEN_MISMATCH' }] },
    })
  })

  it('a stream whose token is revoked says so, and ends', async () => {
    const user = (await post('/v1/users/bo/tokens', {})).json.access_token
    const stream = await EventStream.open(`${base}/v1/events`, { authorization: `Bearer ${user}` })
    await stream.until(({ data }) => data.caught_up)
    expect((await post('/auth/revoke', { token: user })).status).toBe(200)
    const last = await stream.until(({ event }) => event === 'error')
    expect(last.data).toMatchObject({ code: 16, details: [{ reason: 'TOKEN_INVALID' }] })
    await stream.ended
  })

  it('lines of JSON come over HTTP/2', async () => {
    const group = await newGroup()
    const session = connect(base)
    const stream = session.request({ ':path': path, authorization: `Bearer ${token}` })
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>]
    expect([headers[':status'], headers['content-type']]).toEqual([200, 'application/x-ndjson'])
    let text = ''
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
    await expect.poll(() => text, { timeout: 10_000 }).toContain('"caught_up":true')
    await say(group, 'by lines')
    await expect.poll(() => text, { timeout: 10_000 }).toContain('"text":"by lines"')
    await expect.poll(() => text.endsWith('\n'), { timeout: 10_000 }).toBe(true)
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines[0]).toMatchObject({ result: { ready: { user_id: 'bo' } } })
    session.destroy()
  })

  it('a check of everything stored comes line by line, and ends', async () => {
    const response = await fetch(`${base}/v1/integrity`, { headers: { authorization: `Bearer ${token}` } })
    const lines = (await response.text())
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.at(-1)).toMatchObject({ result: { progress: { findings: '0', done: true } } })
  })
})
