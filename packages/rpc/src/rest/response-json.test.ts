import { create, fromJson } from '@bufbuild/protobuf'
import { GetConversationResponseSchema } from '@chat4all/gen/chat4all/v1/conversation_service_pb.js'
import { MessageSchema } from '@chat4all/gen/chat4all/v1/message_pb.js'
import { describe, expect, it } from 'vitest'
import { bindingsOf } from './bindings.ts'
import { responseJson } from './response-json.ts'
import { contract, rule } from './testing/contract.ts'

const { service, message } = contract({
  enums: { Kind: ['KIND_UNSPECIFIED', 'KIND_FIRST_ONE'] },
  messages: {
    In: ['string id'],
    Out: [
      'Kind kind',
      'repeated Kind kinds',
      'map<string, Kind> kind_by_name',
      'Out inner_out',
      'repeated Out outs',
      'choice| Kind one',
      'choice| string two',
      'google.protobuf.FieldMask the_mask',
      'google.protobuf.NullValue nothing',
    ],
  },
  rpcs: {
    All: ['In -> Out', rule('get', '/v1')],
    Outs: ['In -> Out', rule('get', '/v2', { responseBody: 'outs' })],
    Inner: ['In -> Out', rule('get', '/v3', { responseBody: 'inner_out' })],
    Kind: ['In -> Out', rule('get', '/v4', { responseBody: 'kind' })],
  },
})
const answered = (rpc: string, json: object) =>
  responseJson(bindingsOf(service.methods.find(({ name }) => name === rpc)!)[0]!, fromJson(message('Out'), json as never))

const first = 'KIND_FIRST_ONE'
const EMPTY = { kind: 'unspecified', kinds: [], kind_by_name: {}, outs: [], nothing: null }

describe('an answer', () => {
  it('has short enum values and names in snake_case, at any depth', () => {
    const inner = { ...EMPTY, kind: 'first_one' }
    expect(
      answered('All', {
        kind: first,
        kinds: [first, 7],
        kindByName: { a: first },
        innerOut: { kind: first },
        outs: [{ kind: first }],
        one: first,
        theMask: 'innerOut.kind,outs',
      }),
    ).toEqual({
      kind: 'first_one',
      kinds: ['first_one', 7],
      kind_by_name: { a: 'first_one' },
      inner_out: inner,
      outs: [inner],
      one: 'first_one',
      the_mask: 'inner_out.kind,outs',
      nothing: null,
    })
  })

  it('holds every field that has no presence of its own', () => {
    expect(answered('All', {})).toEqual(EMPTY)
  })

  it('is one field where the contract says so', () => {
    expect(answered('Outs', { outs: [{ kind: first }] })).toEqual([{ ...EMPTY, kind: 'first_one' }])
    expect(answered('Outs', {})).toEqual([])
    expect(answered('Inner', { innerOut: { kind: first } })).toEqual({ ...EMPTY, kind: 'first_one' })
    expect(answered('Inner', {})).toBe(null)
    expect(answered('Kind', { kind: first })).toBe('first_one')
  })
})

it('gives the founding form of a message back, and numbers of 64 bits as texts', () => {
  const lastMessage = create(MessageSchema, {
    messageId: 'm',
    sequence: 7n,
    payload: { type: 'text', content: { case: 'text', value: 'hi' } },
  })
  const answer = create(GetConversationResponseSchema, { conversation: { type: 1, lastSequence: 7n, lastMessage } })
  const desc = { output: GetConversationResponseSchema }
  expect(responseJson({ desc, responseBody: undefined } as never, answer)).toMatchObject({
    conversation: {
      type: 'private',
      last_sequence: '7',
      last_message: { message_id: 'm', sequence: '7', payload: { type: 'text', text: 'hi' } },
    },
  })
})
