import { clone, create, type DescMethod, type Message, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import { newId } from '@chat4all/base'
import { type PayloadSchema, SystemContentSchema } from '@chat4all/gen/chat4all/v1/message_pb.js'
import { MessageService, type SendStreamResponse } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { METHODS, nameOf, requestFields } from '../support/api.ts'
import { exchange, outcome } from '../support/exchange.ts'
import { describe as describeRefusal, refused } from '../support/refusal.ts'
import { callerOf, callersOf, newScene, type Scene, setField, validRequest } from '../support/requests.ts'
import { leavesNoTrace, type Person, type Tenant, text, textOf, World } from '../support/world.ts'

const TEXT = 'INVALID_ARGUMENT FIELD_INVALID payload.text'
const UNSUPPORTED = 'INVALID_ARGUMENT PAYLOAD_UNSUPPORTED payload'
const { sendMessage, sendStream, editMessage, getMessage } = MessageService.method

let world: World
let acme: Tenant
let scene: Scene
let ana: Person
let group: string
beforeAll(async () => {
  world = await World.start()
  acme = await world.tenant()
  scene = await newScene(acme, acme.credentials.client_id)
  ana = scene.ana
  group = scene.conversationId
})
afterAll(() => world[Symbol.asyncDispose]())

type PayloadInit = MessageInitShape<typeof PayloadSchema>

/** The three ways in for content: each must give the same answer. */
async function everyWay(payload: PayloadInit): Promise<string> {
  const unary = await refused(ana.call(sendMessage, { conversationId: group, payload }))
  const request = create(sendStream.input, { messages: [{ messageId: newId(), conversationId: group, payload }] })
  expect(await outcome(ana.client, sendStream, request)).toBe(unary)
  expect(await refused(ana.call(editMessage, { messageId: scene.messageId, payload }))).toBe(unary)
  return unary
}

describe('a text', () => {
  const refusedTexts: Readonly<Record<string, string>> = {
    empty: '',
    'of spaces': '   ',
    'of line breaks and tabs': '\n\t\r\n',
    'of white space of other scripts': '\u00a0\u2003\u3000\u2028',
    'of control characters': '\0\u0001\u000b\u0085',
    'of 10,241 bytes': 'x'.repeat(10_241),
    'of 10,241 bytes in 5,121 characters': `${'é'.repeat(5_120)}x`,
    'of 10,244 bytes in 2,561 emoji': '😀'.repeat(2_561),
    'of a megabyte': 'x'.repeat(1_000_000),
  }
  it.each(Object.entries(refusedTexts))('%s is refused, and leaves no trace', async (_name, value) => {
    expect(await leavesNoTrace(ana, group, () => everyWay(text(value)))).toBe(TEXT)
  })

  const acceptedTexts: Readonly<Record<string, string>> = {
    'of one byte': 'x',
    'of exactly 10,240 bytes': 'x'.repeat(10_240),
    'of exactly 10,240 bytes in 5,120 characters': 'é'.repeat(5_120),
    'of exactly 10,240 bytes in 2,560 emoji': '😀'.repeat(2_560),
    'with a NUL, line breaks and control characters': 'a\0b\r\nc\u001b[31md',
    'with marks that turn it around, join it and hide it': '\u202eabc\u202c \u200d\ufeff e\u0301',
    'of all spaces but one': `${' '.repeat(10_239)}x`,
    'that looks like a query, a path and a subject': "'; DROP TABLE messages; -- ../../etc/passwd a.b.* >",
  }
  it.each(Object.entries(acceptedTexts))('%s is accepted and comes back unchanged', async (_name, value) => {
    expect(textOf(await ana.say(group, value))).toBe(value)
  })
})

describe('a payload', () => {
  const file = { fileId: newId(), name: 'a.pdf' }
  const unsupported: Readonly<Record<string, PayloadInit>> = {
    'a file': { content: { case: 'file', value: file } },
    'an image': { content: { case: 'image', value: { file } } },
    'an audio': { content: { case: 'audio', value: { file, voice: true } } },
    'a video': { content: { case: 'video', value: { file } } },
    'a note of the server': { content: { case: 'system', value: create(SystemContentSchema, { code: 'MEMBER_JOINED' }) } },
  }
  it.each(Object.entries(unsupported))('of %s is not taken from callers', async (_name, payload) => {
    expect(await leavesNoTrace(ana, group, () => everyWay(payload))).toBe(UNSUPPORTED)
  })

  const invalid: Readonly<Record<string, readonly [PayloadInit, string]>> = {
    'without content': [{}, 'payload.content'],
    'whose type names another content': [{ type: 'location', ...text('hi') }, 'payload.type'],
    'whose type is the right word in capitals': [{ type: 'Text', ...text('hi') }, 'payload.type'],
    'whose type is unknown': [{ type: 'poem', ...text('hi') }, 'payload.type'],
    'whose type is too long': [{ type: 'x'.repeat(33), ...text('hi') }, 'payload.type'],
    'whose type names what is not there': [{ type: 'text' }, 'payload.content'],
    'of a place off the map': [
      { content: { case: 'location', value: { latitude: 90.1, longitude: -180.1 } } },
      'payload.location.latitude payload.location.longitude',
    ],
    'of a place that is no number': [{ content: { case: 'location', value: { latitude: Number.NaN } } }, 'payload.location.latitude'],
    'of a person without a name': [{ content: { case: 'contact', value: {} } }, 'payload.contact.name'],
    'of a person with a bad number': [
      { content: { case: 'contact', value: { name: 'Bo', phoneNumbers: ['0123'] } } },
      'payload.contact.phone_numbers[0]',
    ],
    'of a person with a bad address': [
      { content: { case: 'contact', value: { name: 'Bo', emails: ['bo@'] } } },
      'payload.contact.emails[0]',
    ],
    'of a file without an id': [{ content: { case: 'file', value: {} } }, 'payload.file.file_id'],
  }
  it.each(Object.entries(invalid))('%s is refused', async (_name, [payload, fields]) => {
    const outcome = await leavesNoTrace(ana, group, () => everyWay(payload))
    expect(outcome.split(' ').sort()).toEqual(`INVALID_ARGUMENT FIELD_INVALID ${fields}`.split(' ').sort())
  })

  it('that is absent is refused', async () => {
    expect(await refused(ana.call(sendMessage, { conversationId: group }))).toBe('INVALID_ARGUMENT FIELD_INVALID payload')
    expect(await refused(ana.call(editMessage, { messageId: scene.messageId }))).toBe('INVALID_ARGUMENT FIELD_INVALID payload')
  })

  it('whose type agrees is accepted, and always names its type on output', async () => {
    for (const payload of [
      { type: 'text', ...text('hi') },
      text('hi'),
      { content: { case: 'location' as const, value: { latitude: 1 } } },
    ]) {
      const { messageId } = await ana.call(sendMessage, { conversationId: group, payload })
      const { message } = await ana.call(getMessage, { messageId })
      expect(message?.payload?.type).toBe(payload.content.case)
    }
  })
})

describe('a message', () => {
  const valid = () => ({ conversationId: group, payload: text('hi') })
  const big = (bytes: number) => Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`k${i}`, 'v'.repeat(bytes)]))
  const invalid: Readonly<Record<string, readonly [object, string]>> = {
    'to nobody and nowhere': [{ conversationId: '' }, 'conversation_id'],
    'with 17 channels': [{ channels: Array.from({ length: 17 }, (_, i) => `c${i}`) }, 'channels'],
    'with a channel in capitals': [{ channels: ['WhatsApp'] }, 'channels[0]'],
    'with a channel that would be a subject': [{ channels: ['a.>'] }, 'channels[0]'],
    'with 101 mentions': [{ mentions: Array.from({ length: 101 }, (_, i) => `u${i}`) }, 'mentions'],
    'with a mention twice': [{ mentions: ['bo', 'bo'] }, 'mentions'],
    'with 33 keys of metadata': [{ metadata: big(1) }, 'metadata'],
    'with a value of 513 bytes': [{ metadata: { a: 'x'.repeat(513) } }, 'metadata["a"]'],
    'with a value of 513 bytes in 257 characters': [{ metadata: { a: 'é'.repeat(257) } }, 'metadata["a"]'],
    'with an empty key': [{ metadata: { '': 'x' } }, 'metadata[""]'],
    'with a key of 65 characters': [{ metadata: { ['k'.repeat(65)]: 'x' } }, `metadata["${'k'.repeat(65)}"]`],
  }
  it.each(Object.entries(invalid))('%s is refused', async (_name, [change, fields]) => {
    const call = () => refused(ana.call(sendMessage, { ...valid(), ...change }))
    expect(await leavesNoTrace(ana, group, call)).toBe(`INVALID_ARGUMENT FIELD_INVALID ${fields}`.trim())
  })

  it('to a conversation may name a member of it beside, and nobody else', async () => {
    const member = scene.bo.id
    expect(await refused(ana.call(sendMessage, { ...valid(), to: member }))).toBe('OK')
    const call = () => refused(ana.call(sendMessage, { ...valid(), to: 'somebody-else' }))
    expect(await leavesNoTrace(ana, group, call)).toBe('NOT_FOUND MEMBER_NOT_FOUND')
  })

  it('to oneself is refused', async () => {
    expect(await refused(ana.call(sendMessage, { to: ana.id, payload: text('hi') }))).toMatch(/^INVALID_ARGUMENT FIELD_INVALID /)
  })

  it('at every limit at once is accepted and comes back whole', async () => {
    const metadata = Object.fromEntries(Array.from({ length: 32 }, (_, i) => [`${i}`.padStart(64, 'k'), 'é'.repeat(256)]))
    const mentions = Array.from({ length: 100 }, (_, i) => `${i}`.padStart(128, 'u'))
    const channels = Array.from({ length: 16 }, (_, i) => `c${i}`)
    const whole = { ...valid(), payload: text('😀'.repeat(2_560)), metadata, mentions, channels, replyTo: scene.messageId }
    const { messageId } = await ana.call(sendMessage, whole)
    expect((await ana.call(getMessage, { messageId })).message).toMatchObject({ metadata, mentions, channels, replyTo: scene.messageId })
  })

  it('with keys that other languages give a meaning comes back whole', async () => {
    const metadata = JSON.parse('{"__proto__": "a", "constructor": "b", "toString": "c", "a.b": "d", "\\u0000": "e"}') as Record<
      string,
      string
    >
    const { messageId } = await ana.call(sendMessage, { ...valid(), metadata })
    expect(Object.entries((await ana.call(getMessage, { messageId })).message!.metadata).sort()).toEqual(Object.entries(metadata).sort())
  })

  it('that answers a message of another conversation, or none, is refused', async () => {
    const elsewhere = await ana.say(await acme.group(ana), 'elsewhere')
    for (const replyTo of [elsewhere.messageId, newId()]) {
      const call = () => refused(ana.call(sendMessage, { ...valid(), replyTo }))
      expect(await leavesNoTrace(ana, group, call)).toBe('FAILED_PRECONDITION REPLY_TARGET_INVALID')
    }
    expect(await refused(ana.call(sendMessage, { ...valid(), replyTo: 'x' }))).toBe('INVALID_ARGUMENT FIELD_INVALID reply_to')
  })

  it('that answers itself is refused', async () => {
    const messageId = newId()
    expect(await refused(ana.call(sendMessage, { ...valid(), messageId, replyTo: messageId }))).toBe(
      'FAILED_PRECONDITION REPLY_TARGET_INVALID',
    )
  })
})

describe('a stream of sends', () => {
  it('goes on after refused messages, and answers each by its id', async () => {
    const message = (change: object) => ({ messageId: newId(), conversationId: group, payload: text('hi'), ...change })
    const good = [message({}), message({})]
    const bad = [
      message({ payload: text('') }),
      message({ conversationId: newId() }),
      message({ replyTo: newId() }),
      message({ from: 'bo' }),
    ]
    const request = create(sendStream.input, { messages: [good[0]!, ...bad, good[1]!] })
    const { answers } = await exchange(ana.client, sendStream, request)
    const results = (answers as SendStreamResponse[]).flatMap(({ results }) => results)
    const outcomes = new Map(
      results.map(({ messageId, outcome }) => [messageId, outcome.case === 'error' ? describeRefusal(outcome.value) : outcome.case]),
    )
    expect([...good, ...bad].map(({ messageId }) => outcomes.get(messageId))).toEqual([
      'accepted',
      'accepted',
      TEXT,
      'NOT_FOUND CONVERSATION_NOT_FOUND',
      'FAILED_PRECONDITION REPLY_TARGET_INVALID',
      'PERMISSION_DENIED ACCESS_DENIED',
    ])
  })

  it('takes 1 to 100 messages at once', async () => {
    const messages = (count: number) =>
      create(sendStream.input, { messages: Array.from({ length: count }, () => ({ conversationId: group, payload: text('hi') })) })
    expect(await outcome(ana.client, sendStream, messages(0))).toBe('INVALID_ARGUMENT FIELD_INVALID messages')
    expect(await outcome(ana.client, sendStream, messages(101))).toBe('INVALID_ARGUMENT FIELD_INVALID messages')
    expect(await outcome(ana.client, sendStream, messages(100))).toBe('OK')
  })
})

describe('a reaction', () => {
  const { addReaction } = MessageService.method
  it.each([[''], [' '], ['👍 👍'], ['a\nb'], ['a\0'], ['\u007f'], ['😀'.repeat(17)]])('%j is refused', async (emoji) => {
    const call = () => refused(ana.call(addReaction, { messageId: scene.messageId, emoji }))
    expect(await leavesNoTrace(ana, group, call)).toBe('INVALID_ARGUMENT FIELD_INVALID emoji')
  })

  it('of 64 bytes is accepted, and the 65th kind on one message is not', async () => {
    const { messageId } = await ana.say(group, 'popular')
    const kinds = Array.from({ length: 64 }, (_, i) => (i === 0 ? '😀'.repeat(16) : `e${i}`))
    await Promise.all(kinds.map((emoji) => ana.call(addReaction, { messageId, emoji })))
    expect(await refused(ana.call(addReaction, { messageId, emoji: 'one-more' }))).toBe('FAILED_PRECONDITION TOO_MANY_REACTIONS')
    expect(await refused(scene.bo.call(addReaction, { messageId, emoji: 'e1' }))).toBe('OK')
  })
})

describe('text fields of every request', () => {
  const cases = METHODS.flatMap((method) =>
    requestFields(method.input)
      .filter(
        ({ field }) => (field.fieldKind === 'scalar' || (field.fieldKind === 'list' && field.listKind === 'scalar')) && field.scalar === 9,
      )
      .map(({ path }) => ({ method, path, row: `${nameOf(method)} ${path}` })),
  )

  it.each(cases)('$row refuses bytes that are no UTF-8', async ({ method, path }) => {
    const kind = callersOf(method)[0]!
    const request = withMark(method, validRequest(method, kind, scene), path)
    expect(await outcome(callerOf(method, kind, scene), method, request)).toBe('INVALID_ARGUMENT REQUEST_MALFORMED')
  })
})

const MARK = 'wrong-utf-8'

/** The request with a text whose bytes are no UTF-8 in one field. */
function withMark(method: DescMethod, request: Message, path: string): Uint8Array {
  const marked = clone(method.input, request)
  setField(marked, method.input, path, MARK)
  const bytes = Buffer.from(toBinary(method.input, marked))
  const at = bytes.indexOf(MARK)
  expect(at).toBeGreaterThan(0)
  bytes.set([0xc3, 0x28, 0xff, 0xfe], at)
  return bytes
}

describe('enums of every request', () => {
  const cases = METHODS.flatMap((method) =>
    requestFields(method.input)
      .filter(({ field }) => field.fieldKind === 'enum')
      .map(({ path }) => ({ method, path, row: `${nameOf(method)} ${path}` })),
  )
  /** Output only: what callers put there is ignored. */
  const ignored = ['user.state', 'users.state']

  it.each(cases)('$row refuses a number that has no name', async ({ method, path }) => {
    const kind = callersOf(method)[0]!
    for (const number of [99, -1, 2_147_483_647]) {
      const request = clone(method.input, validRequest(method, kind, scene))
      setField(request, method.input, path, number)
      const expected = ignored.includes(path) ? 'OK' : `INVALID_ARGUMENT FIELD_INVALID ${path}`
      expect([number, await outcome(callerOf(method, kind, scene), method, request)]).toEqual([number, expected])
    }
  })
})
