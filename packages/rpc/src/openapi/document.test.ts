import { createRegistry, type DescService, type FileRegistry, type JsonObject } from '@bufbuild/protobuf'
import { AccessSchema } from '@chat4all/gen/chat4all/v1/access_pb.js'
import { ErrorReasonSchema } from '@chat4all/gen/chat4all/v1/error_reason_pb.js'
import { StatusSchema } from '@chat4all/gen/google/rpc/status_pb.js'
import { describe, expect, test } from 'vitest'
import { type Contract, contract, rule } from '../rest/testing/contract.ts'
import { openApiDocument } from './document.ts'

// biome-ignore lint/suspicious/noExplicitAny: a document of many shapes, compared by the tests
type Document = any

type Examples = Readonly<Record<string, JsonObject>>

function documentOf(of: Contract, requests: Examples = {}, messages: Examples = {}, change = (_service: DescService) => {}): Document {
  const { service } = contract(of)
  change(service)
  const none = Object.fromEntries(service.methods.map(({ name }) => [name, {}]))
  const files = [service, AccessSchema, ErrorReasonSchema, StatusSchema].map(({ file }) => file)
  return openApiDocument({
    registry: createRegistry(...files) as FileRegistry,
    services: [service.typeName],
    info: { title: 'Test', version: 'v1' },
    examples: { requests: { ...none, ...requests }, messages },
    otherPaths: {},
    otherTags: [],
  })
}

const OUT = { Out: ['string id'] }

describe('an operation', () => {
  test('stands at every path of its RPC, under names of their own', () => {
    const { paths } = documentOf({
      messages: { ...OUT, In: ['string id', 'string tenant'] },
      rpcs: {
        GetThing: ['In -> Out', rule('get', '/v1/things/{id}', { additionalBindings: [rule('get', '/v1/{tenant}/things/{id}')] } as never)],
      },
    })
    expect(Object.entries(paths).map(([path, item]) => [path, (item as Document).get.operationId])).toEqual([
      ['/v1/things/{id}', 'getThing'],
      ['/v1/{tenant}/things/{id}', 'getThing2'],
    ])
    const parameters = (path: string) => paths[path].get.parameters.map(({ name, in: place }: Document) => `${place} ${name}`)
    expect(parameters('/v1/things/{id}')).toEqual(['path id', 'query tenant', 'undefined undefined'])
    expect(parameters('/v1/{tenant}/things/{id}')).toEqual(['path tenant', 'path id', 'undefined undefined'])
  })

  test('shares its path with others that name variables otherwise', () => {
    const { paths } = documentOf({
      messages: { ...OUT, In: ['string id'], Put: ['In thing'] },
      rpcs: {
        Get: ['In -> Out', rule('get', '/v1/things/{id}:x')],
        Set: ['Put -> Out', rule('put', '/v1/things/{thing.id}:x', { body: 'thing' })],
      },
    })
    expect(Object.keys(paths)).toEqual(['/v1/things/{id}:x'])
    expect(Object.keys(paths['/v1/things/{id}:x'])).toEqual(['get', 'put'])
  })

  test('has what its path and its body leave as query, also inside of messages that contain themselves', () => {
    const { paths } = documentOf({
      messages: {
        ...OUT,
        In: ['string id', 'Node node', 'repeated int64 numbers', 'map<string, string> labels', 'Node sent'],
        Node: ['string name', 'Node next'],
      },
      rpcs: { Find: ['In -> Out', rule('post', '/v1/{id}', { body: 'sent' })] },
    })
    const { parameters } = paths['/v1/{id}'].post
    expect(parameters.filter(({ in: place }: Document) => place === 'query')).toEqual([
      { name: 'node.name', in: 'query', schema: { type: 'string' } },
      { name: 'numbers', in: 'query', schema: { type: 'array', items: { type: 'integer', format: 'int64' } } },
    ])
  })

  test('has a body without what stands in the path', () => {
    const { paths } = documentOf(
      {
        messages: { ...OUT, In: ['string id', 'string text', 'Inner inner'], Inner: ['string key', 'int32 size'] },
        rpcs: { Change: ['In -> Out', rule('patch', '/v1/{id}/{inner.key}', { body: '*' })] },
      },
      { Change: { id: 'a', text: 'b', inner: { key: 'c', size: 1 } } },
    )
    const { parameters, requestBody } = paths['/v1/{id}/{key}'].patch
    const { schema, example } = requestBody.content['application/json']
    expect(schema.properties).toMatchObject({ text: { type: 'string' }, inner: { properties: { size: { type: 'integer' } } } })
    expect([Object.keys(schema.properties), Object.keys(schema.properties.inner.properties)]).toEqual([['text', 'inner'], ['size']])
    expect(example).toEqual({ text: 'b', inner: { size: 1 } })
    expect(parameters.slice(0, 2)).toMatchObject([
      { name: 'id', example: 'a' },
      { name: 'key', example: 'c' },
    ])
  })

  test('answers one field, bytes, or a stream, as its contract says', () => {
    const { paths } = documentOf({
      messages: { ...OUT, In: ['string id'] },
      rpcs: {
        One: ['In -> Out', rule('get', '/one', { responseBody: 'id' })],
        Bytes: ['In -> google.api.HttpBody', rule('get', '/bytes')],
        Stream: ['In -> stream Out', rule('get', '/stream')],
      },
    })
    const content = (path: string) => paths[path].get.responses[200].content
    expect(content('/one')).toEqual({ 'application/json': { schema: { type: 'string' } } })
    expect(content('/bytes')).toEqual({ '*/*': {} })
    expect(content('/stream')['application/x-ndjson'].schema.oneOf).toMatchObject([
      { properties: { result: { $ref: '#/components/schemas/Out' } } },
      { properties: { error: { $ref: '#/components/schemas/Status' } } },
    ])
    expect(Object.keys(content('/stream'))).toEqual(['application/x-ndjson', 'text/event-stream'])
  })

  test('and what it takes are marked where they are deprecated', () => {
    const of = {
      messages: { ...OUT, In: ['string id', 'string old'] },
      rpcs: { Get: ['In -> Out', rule('get', '/v1/{id}')] },
    } satisfies Contract
    const { get } = documentOf(of, {}, {}, ({ methods: [method] }) => {
      Object.assign(method!, { deprecated: true })
      Object.assign(method!.input.fields[1]!, { deprecated: true })
    }).paths['/v1/{id}']
    expect([get.deprecated, get.parameters[0].deprecated, get.parameters[1].deprecated]).toEqual([true, undefined, true])
  })

  test('is refused where a wildcard has no name', () => {
    const of = { messages: { ...OUT, In: ['string id'] }, rpcs: { Get: ['In -> Out', rule('get', '/v1/*/{id}')] } } satisfies Contract
    expect(() => documentOf(of)).toThrow('a wildcard without a name')
  })
})

test('a message that is sent is described apart from the same message when it is answered', () => {
  const { schemas } = documentOf({
    messages: {
      In: ['Thing thing'],
      Out: ['Thing thing'],
      Thing: ['int64 size', 'a| string text', 'a| Kind kind', 'map<string, Kind> kinds', 'double x'],
    },
    enums: { Kind: ['KIND_UNSPECIFIED', 'KIND_RED'] },
    rpcs: { Do: ['In -> Out', rule('post', '/do', { body: '*' })] },
  }).components
  const kind = { $ref: '#/components/schemas/Kind' }
  expect(schemas.Kind.enum).toEqual(['unspecified', 'red'])
  expect(schemas.ThingInput).toMatchObject({
    properties: { size: { type: ['string', 'integer'], format: 'int64' }, kind, kinds: { type: 'object', additionalProperties: kind } },
    additionalProperties: false,
  })
  expect(schemas.ThingInput.required).toBeUndefined()
  expect(schemas.Thing).toMatchObject({ properties: { size: { type: 'string', format: 'int64' } }, required: ['size', 'kinds', 'x'] })
  expect(schemas.Thing.oneOf).toEqual([
    { required: ['text'] },
    { required: ['kind'] },
    { not: { anyOf: [{ required: ['text'] }, { required: ['kind'] }] } },
  ])
  expect(schemas.Thing.additionalProperties).toBeUndefined()
})

describe('an example', () => {
  const of = {
    messages: { ...OUT, In: ['int32 size'] },
    rpcs: { Do: ['In -> Out', rule('post', '/do', { body: '*' })] },
  } satisfies Contract

  test.each<[string, () => Document, string]>([
    ['of another form', () => documentOf(of, { Do: { size: 'big' } }), 'the example of Do does not hold'],
    ['of an RPC that is not there', () => documentOf(of, { Done: {} }), 'the example of Done does not hold: there is no such thing'],
    ['of a message that is not there', () => documentOf(of, {}, { 'test.v1.Gone': {} }), 'the example of test.v1.Gone does not hold'],
    ['that is missing', () => documentOf(of, { Do: undefined as never }), 'Do has no example'],
  ])('%s stops the generation', (_name, make, message) => {
    expect(make).toThrow(message)
  })

  test('of an answer stands at its schema', () => {
    expect(documentOf(of, {}, { 'test.v1.Out': { id: 'x' } }).components.schemas.Out.examples).toEqual([{ id: 'x' }])
  })
})
