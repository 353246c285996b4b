import { type JsonValue, type Message, toJson } from '@bufbuild/protobuf'
import { ChatError } from '@chat4all/base'
import { SendMessageRequestSchema } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { describe, expect, it } from 'vitest'
import { bindingsOf } from './bindings.ts'
import { requestMessage } from './request-message.ts'
import { contract, type Rule, rule } from './testing/contract.ts'

const WRAPPERS = ['Bool', 'String', 'Bytes', 'Int32', 'Int64', 'UInt32', 'UInt64', 'Double', 'Float'] as const

const { service } = contract({
  enums: { Kind: ['KIND_UNSPECIFIED', 'KIND_FIRST_ONE', 'KIND_SECOND'], Bare: ['NONE', 'SOME'], Digit: ['DIGIT_NONE', 'DIGIT_2'] },
  messages: {
    Out: ['string done'],
    In: [
      'string id',
      'string some_text',
      'bool flag',
      'bytes raw',
      'int32 i32',
      'sint64 s64',
      'uint32 u32',
      'uint64 u64',
      'float single',
      'double twice',
      'Kind kind',
      'Bare bare',
      'Digit digit',
      'Inner inner',
      'repeated string texts',
      'repeated int64 numbers',
      'repeated Kind kinds',
      'repeated Inner inners',
      'repeated google.protobuf.Timestamp times',
      'map<string, Kind> kind_by_name',
      'map<string, Inner> inner_by_name',
      'map<string, string> labels',
      'choice| string left_side',
      'choice| Kind right_side',
      'choice| Inner middle',
      'google.protobuf.Timestamp at_time',
      'google.protobuf.Duration ttl',
      'google.protobuf.FieldMask update_mask',
      'google.protobuf.Struct anything',
      ...WRAPPERS.map((name) => `google.protobuf.${name}Value ${name.toLowerCase()}_value`),
      'string constructor',
    ],
    Inner: ['string deep_text', 'Kind inner_kind', 'Inner more', 'repeated int32 counts', 'google.protobuf.FieldMask inner_mask'],
  },
  rpcs: {
    Get: ['In -> Out', rule('get', '/v1/things')],
    GetOne: ['In -> Out', rule('get', '/v1/things/{id}')],
    GetTyped: ['In -> Out', rule('get', '/v1/{kind}/{i32}/{at_time}/{inner.deep_text}')],
    Post: ['In -> Out', rule('post', '/v1/things/{id}', { body: '*' })],
    Put: ['In -> Out', rule('put', '/v1/things/{inner.deep_text}', { body: 'inner' })],
    PutText: ['In -> Out', rule('put', '/v1/texts/{id}', { body: 'some_text' })],
    PutMany: ['In -> Out', rule('put', '/v1/many/{id}', { body: 'inners' })],
    PutKinds: ['In -> Out', rule('put', '/v1/kinds/{id}', { body: 'kinds' })],
  } satisfies Record<string, readonly [string, Rule]>,
})

function read(rpc: string, segments: readonly string[], query: string, body?: JsonValue): JsonValue {
  const binding = bindingsOf(service.methods.find(({ name }) => name === rpc)!)[0]!
  const message: Message = requestMessage(binding, { segments, query, body, bodyBytes: 1 })
  return toJson(binding.desc.input, message, { useProtoFieldName: true })
}

const query = (text: string) => read('Get', ['v1', 'things'], text)
const body = (json: JsonValue) => read('Post', ['v1', 'things', 'x'], '', json)

/** The fields that a refused request is told about. */
function faults(run: () => unknown): readonly (readonly [string, string])[] {
  try {
    run()
  } catch (error) {
    if (!(error instanceof ChatError)) throw error
    return error.reason === 'FIELD_INVALID' ? error.fields.map(({ field, description }) => [field, description]) : [[error.reason, '']]
  }
  return [['accepted', '']]
}

describe('a parameter of the query', () => {
  it.each<[string, JsonValue]>([
    ['', {}],
    ['&&', {}],
    ['some_text=a', { some_text: 'a' }],
    ['someText=a', { some_text: 'a' }],
    ['some_text', {}],
    ['some_text=', {}],
    ['some_text=a=b', { some_text: 'a=b' }],
    ['some_text=a+b%2Bc%26', { some_text: 'a b+c&' }],
    ['some%5Ftext=%C3%A9', { some_text: 'é' }],
    ['constructor=x', { constructor: 'x' }],
    ['flag=true', { flag: true }],
    ['flag=false', {}],
    ['raw=aGk=', { raw: 'aGk=' }],
    ['raw=-_-_', { raw: '+/+/' }],
    ['i32=-7', { i32: -7 }],
    ['s64=-9223372036854775808', { s64: '-9223372036854775808' }],
    ['u32=4294967295', { u32: 4294967295 }],
    ['u64=18446744073709551615', { u64: '18446744073709551615' }],
    ['single=0.5', { single: 0.5 }],
    ['twice=-1.5e3', { twice: -1500 }],
    ['twice=.5', { twice: 0.5 }],
    ['twice=NaN', { twice: 'NaN' }],
    ['twice=-Infinity', { twice: '-Infinity' }],
    ['kind=first_one', { kind: 'KIND_FIRST_ONE' }],
    ['kind=KIND_FIRST_ONE', { kind: 'KIND_FIRST_ONE' }],
    ['kind=1', { kind: 'KIND_FIRST_ONE' }],
    ['kind=99', { kind: 99 }],
    ['kind=KIND_SECOND', { kind: 'KIND_SECOND' }],
    ['bare=some', { bare: 'SOME' }],
    ['digit=2', { digit: 2 }],
    ['digit=digit_2', { digit: 'DIGIT_2' }],
    ['inner.deep_text=a&inner.more.deepText=b', { inner: { deep_text: 'a', more: { deep_text: 'b' } } }],
    ['inner.counts=1&inner.counts=2', { inner: { counts: [1, 2] } }],
    ['texts=a&texts=b&texts=a', { texts: ['a', 'b', 'a'] }],
    ['numbers=1&numbers=-2', { numbers: ['1', '-2'] }],
    ['kinds=first_one&kinds=1', { kinds: ['KIND_FIRST_ONE', 'KIND_FIRST_ONE'] }],
    ['times=2030-01-01T00:00:00Z', { times: ['2030-01-01T00:00:00Z'] }],
    ['left_side=', { left_side: '' }],
    ['rightSide=first_one', { right_side: 'KIND_FIRST_ONE' }],
    ['middle.deep_text=m', { middle: { deep_text: 'm' } }],
    ['at_time=2030-01-01T01:00:00%2B01:00', { at_time: '2030-01-01T00:00:00Z' }],
    ['ttl=1.5s', { ttl: '1.500s' }],
    ['update_mask=some_text,inner.deep_text', { update_mask: 'someText,inner.deepText' }],
    ['updateMask=someText', { update_mask: 'someText' }],
    ['bool_value=false&string_value=&int64_value=7', { bool_value: false, string_value: '', int64_value: '7' }],
    ['double_value=1.5&bytes_value=aGk', { double_value: 1.5, bytes_value: 'aGk=' }],
  ])('"%s" is read', (text, expected) => {
    expect(query(text)).toEqual(expected)
  })

  it.each([
    ['nothing=1', 'nothing', 'is no parameter of this call'],
    ['inner.nothing=1', 'inner.nothing', 'is no parameter of this call'],
    ['some_text.a=1', 'some_text.a', 'is no parameter of this call'],
    ['inners.deep_text=a', 'inners.deep_text', 'is no parameter of this call'],
    ['labels.a=b', 'labels.a', 'is no parameter of this call'],
    ['at_time.seconds=1', 'at_time.seconds', 'is no parameter of this call'],
    ['choice=a', 'choice', 'is no parameter of this call'],
    ['=1', '', 'is no parameter of this call'],
    [`inner.${'more.'.repeat(40)}deep_text=a`, `inner.${'more.'.repeat(40)}deep_text`, 'is no parameter of this call'],
    ['__proto__=1', '__proto__', 'is no parameter of this call'],
    ['inner=1', 'inner', 'can not be given in a query'],
    ['inners=1', 'inners', 'can not be given in a query'],
    ['labels=1', 'labels', 'can not be given in a query'],
    ['anything=1', 'anything', 'can not be given in a query'],
    ['some_text=a&someText=b', 'someText', 'stands twice'],
    ['flag=1', 'flag', 'must be true or false'],
    ['flag=True', 'flag', 'must be true or false'],
    ['flag=', 'flag', 'must be true or false'],
    ['raw=%25', 'raw', 'must be bytes in base64'],
    ['i32=', 'i32', 'must be a whole number of its range'],
    ['i32=1.5', 'i32', 'must be a whole number of its range'],
    ['i32=1e3', 'i32', 'must be a whole number of its range'],
    ['i32=0x1', 'i32', 'must be a whole number of its range'],
    ['i32=%201', 'i32', 'must be a whole number of its range'],
    ['i32=2147483648', 'i32', 'must be a whole number of its range'],
    ['s64=9223372036854775808', 's64', 'must be a whole number of its range'],
    ['u32=-1', 'u32', 'must be a whole number of its range, not below 0'],
    ['u64=18446744073709551616', 'u64', 'must be a whole number of its range, not below 0'],
    ['single=1e39', 'single', 'must be a number'],
    ['twice=1,5', 'twice', 'must be a number'],
    ['twice=inf', 'twice', 'must be a number'],
    ['kind=first', 'kind', 'must be one of unspecified, first_one, second'],
    ['kind=', 'kind', 'must be one of unspecified, first_one, second'],
    ['kind=1.0', 'kind', 'must be one of unspecified, first_one, second'],
    ['numbers=1&numbers=b', 'numbers', 'must be a whole number of its range'],
    ['times=now', 'times[0]', 'must be a time, for example 2030-01-31T12:00:00Z'],
    ['at_time=2030-01-01', 'at_time', 'must be a time, for example 2030-01-31T12:00:00Z'],
    ['ttl=1', 'ttl', 'must be a duration in seconds, for example 1.5s'],
    ['int32_value=a', 'int32_value', 'must be a whole number of its range'],
    ['left_side=a&right_side=first_one', '', 'sets left_side and right_side, of which only one may be set'],
  ])('"%s" is refused', (text, field, description) => {
    expect(faults(() => query(text))).toEqual([[field, description]])
  })

  it.each(['some_text=%', 'some_text=%zz', 'some_text=%ff', '%E0%A4%A=1'])('"%s" is refused for its escape', (text) => {
    expect(faults(() => query(text))).toEqual([['REQUEST_MALFORMED', '']])
  })
})

describe('the path', () => {
  it('goes before the query and the body', () => {
    expect(read('GetOne', ['v1', 'things', 'p'], 'id=q&flag=true')).toEqual({ id: 'p', flag: true })
    expect(body({ id: 'b', flag: true })).toEqual({ id: 'x', flag: true })
    expect(read('Put', ['v1', 'things', 'p'], '', { deepText: 'b', counts: [1] })).toEqual({ inner: { deep_text: 'p', counts: [1] } })
  })

  it('holds values of every type that is one text', () => {
    expect(read('GetTyped', ['v1', 'first_one', '-3', '2030-01-01T00:00:00Z', 'a%2Fb'], '')).toEqual({
      kind: 'KIND_FIRST_ONE',
      i32: -3,
      at_time: '2030-01-01T00:00:00Z',
      inner: { deep_text: 'a/b' },
    })
    const typed = (...segments: string[]) => faults(() => read('GetTyped', ['v1', ...segments], ''))
    expect(typed('third', '1', '2030-01-01T00:00:00Z', 'a')).toEqual([['kind', 'must be one of unspecified, first_one, second']])
    expect(typed('1', 'x', '2030-01-01T00:00:00Z', 'a')).toEqual([['i32', 'must be a whole number of its range']])
    expect(typed('1', '1', 'today', 'a')).toEqual([['at_time', 'must be a time, for example 2030-01-31T12:00:00Z']])
  })
})

describe('a body', () => {
  it('of one field leaves the others to the query', () => {
    const put = (text: string, json: JsonValue) => read('Put', ['v1', 'things', 'p'], text, json)
    expect(put('flag=true&update_mask=inner.deep_text', { inner_kind: 'first_one' })).toEqual({
      inner: { deep_text: 'p', inner_kind: 'KIND_FIRST_ONE' },
      flag: true,
      update_mask: 'inner.deepText',
    })
    expect(faults(() => put('inner.counts=1', {}))).toEqual([['inner.counts', 'is no parameter of this call']])
    expect(faults(() => read('Post', ['v1', 'things', 'p'], 'flag=true', {}))).toEqual([['flag', 'is no parameter of this call']])
  })

  it('may be a text, a list of messages, or a list of enum values', () => {
    expect(read('PutText', ['v1', 'texts', 'p'], '', 'hello')).toEqual({ id: 'p', some_text: 'hello' })
    expect(read('PutMany', ['v1', 'many', 'p'], '', [{ inner_kind: 'first_one' }, {}])).toEqual({
      id: 'p',
      inners: [{ inner_kind: 'KIND_FIRST_ONE' }, {}],
    })
    expect(read('PutKinds', ['v1', 'kinds', 'p'], '', ['first_one', 2])).toEqual({ id: 'p', kinds: ['KIND_FIRST_ONE', 'KIND_SECOND'] })
    expect(faults(() => read('PutMany', ['v1', 'many', 'p'], '', {}))).toEqual([['inners', 'must be a list']])
  })

  it('may be absent', () => {
    expect(read('Post', ['v1', 'things', 'p'], '')).toEqual({ id: 'p' })
    expect(read('Put', ['v1', 'things', 'p'], '')).toEqual({ inner: { deep_text: 'p' } })
  })

  it('may spell fields and enum values in either way, at any depth', () => {
    const long = body({
      someText: 'a',
      kind: 'KIND_FIRST_ONE',
      inner: { deepText: 'b', innerKind: 'KIND_SECOND', more: { innerKind: 1 }, innerMask: 'deepText' },
      kinds: ['KIND_SECOND', 1],
      inners: [{ innerKind: 'KIND_FIRST_ONE' }],
      kindByName: { a: 'KIND_FIRST_ONE' },
      innerByName: { a: { innerKind: 'KIND_SECOND' } },
      rightSide: 'KIND_SECOND',
      updateMask: 'someText,inner.deepText',
    })
    const short = body({
      some_text: 'a',
      kind: 'first_one',
      inner: { deep_text: 'b', inner_kind: 'second', more: { inner_kind: 'first_one' }, inner_mask: 'deep_text' },
      kinds: ['second', 'first_one'],
      inners: [{ inner_kind: 'first_one' }],
      kind_by_name: { a: 'first_one' },
      inner_by_name: { a: { inner_kind: 'second' } },
      right_side: 'second',
      update_mask: 'some_text,inner.deep_text',
    })
    expect(short).toEqual(long)
    expect(short).toMatchObject({
      kind: 'KIND_FIRST_ONE',
      inner_by_name: { a: { inner_kind: 'KIND_SECOND' } },
      update_mask: 'someText,inner.deepText',
    })
  })

  it('keeps what only looks like an enum value', () => {
    const anything = { kind: 'first_one', more: [null, { inner_kind: 'first_one' }] }
    expect(body({ some_text: 'first_one', labels: { kind: 'first_one', __proto__: 'x' }, anything })).toMatchObject({
      some_text: 'first_one',
      labels: { kind: 'first_one' },
      anything,
    })
  })

  it('may hold null for what is absent', () => {
    expect(body({ some_text: null, kind: null, inner: null, inners: null, labels: null, update_mask: null })).toEqual({ id: 'x' })
  })

  it('may put one value in brackets where one is asked for', () => {
    expect(body({ some_text: ['a'], i32: ['7'] })).toEqual({ id: 'x', some_text: 'a', i32: 7 })
    expect(faults(() => body({ some_text: ['a', 'b'] }))).toEqual([['some_text', 'must be a text']])
    expect(faults(() => body({ some_text: [] }))).toEqual([['some_text', 'must be a text']])
  })

  it.each<[string, JsonValue, string, string]>([
    ['a text', 'hello', '', 'must be a JSON object'],
    ['a list', [], '', 'must be a JSON object'],
    ['null', null, '', 'must be a JSON object'],
    ['an unknown field', { nothing: 1 }, 'nothing', 'is not known here'],
    ['an unknown field inside', { inner: { more: { nothing: 1 } } }, 'inner.more.nothing', 'is not known here'],
    ['an unknown field with a long name', { ['n'.repeat(1000)]: 1 }, 'n'.repeat(64), 'is not known here'],
    ['a wrong type', { some_text: 7 }, 'some_text', 'must be a text'],
    ['a wrong type inside a list', { inner: { counts: [1, 'x'] } }, 'inner.counts[1]', 'must be a whole number of its range'],
    [
      'a wrong type inside a message of a list',
      { inners: [{}, { more: { inner_kind: 'x' } }] },
      'inners[1].more.inner_kind',
      'must be one of unspecified, first_one, second',
    ],
    ['a list that is none', { texts: 'a' }, 'texts', 'must be a list'],
    ['null in a list', { texts: [null] }, 'texts[0]', 'must be a text'],
    ['a map that is none', { labels: ['a'] }, 'labels', 'must be a JSON object of the right values'],
    ['a wrong value of a map', { kind_by_name: { a: 'x' } }, 'kind_by_name', 'must be a JSON object of the right values'],
    ['a message that is none', { inner: 'x' }, 'inner', 'must be a JSON object'],
    ['an enum value that is none', { kind: 'other' }, 'kind', 'must be one of unspecified, first_one, second'],
    ['an enum value in other case', { kind: 'First_One' }, 'kind', 'must be one of unspecified, first_one, second'],
    ['a number beyond its range', { i32: 2 ** 40 }, 'i32', 'must be a whole number of its range'],
    ['a bad time', { at_time: '2030' }, 'at_time', 'must be a time, for example 2030-01-31T12:00:00Z'],
    ['two of one choice', { left_side: 'a', middle: {} }, '', 'sets left_side and middle, of which only one may be set'],
    [
      'two of one choice, inside',
      { inner: { deep_text: 'a', deepText: 'b' } },
      'inner',
      'sets deep_text and deepText, of which only one may be set',
    ],
  ])('with %s is refused', (_name, json, field, description) => {
    expect(faults(() => body(json))).toEqual([[field, description]])
  })

  it('that is nested too deeply is refused', () => {
    const nested = (depth: number): JsonValue => (depth === 0 ? {} : { more: nested(depth - 1) })
    expect(body({ inner: nested(50) })).toBeDefined()
    expect(faults(() => body({ inner: nested(65) }))).toEqual([['REQUEST_MALFORMED', '']])
    expect(faults(() => body({ anything: nested(65) }))).toEqual([['REQUEST_MALFORMED', '']])
    expect(faults(() => body(JSON.parse('['.repeat(1e6) + ']'.repeat(1e6))))).toEqual([['REQUEST_MALFORMED', '']])
  })
})

it('reads the founding form of a message', () => {
  const founding = {
    message_id: '0192d0a0-0000-7000-8000-000000000002',
    conversation_id: '0192d0a0-0000-7000-8000-000000000003',
    from: 'ana',
    to: ['bob'],
    channels: ['whatsapp'],
    payload: { type: 'text', text: 'hi' },
    metadata: { priority: 'high' },
  }
  const desc = { input: SendMessageRequestSchema, output: SendMessageRequestSchema } as never
  const message = requestMessage({ desc, body: '*', variables: [] } as never, { segments: [], query: '', body: founding, bodyBytes: 1 })
  expect(toJson(SendMessageRequestSchema, message as never, { useProtoFieldName: true })).toEqual({ ...founding, to: 'bob' })
})
