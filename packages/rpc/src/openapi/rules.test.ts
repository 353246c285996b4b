import { create, type DescField, type DescMessage, setExtension } from '@bufbuild/protobuf'
import { FieldOptionsSchema } from '@bufbuild/protobuf/wkt'
import { FieldRulesSchema, field as rulesOption } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js'
import { CreateApiClientRequestSchema, RotateApiClientSecretRequestSchema } from '@chat4all/gen/chat4all/v1/admin_service_pb.js'
import { CreateUserTokenRequestSchema } from '@chat4all/gen/chat4all/v1/auth_service_pb.js'
import { CreateConversationRequestSchema, UpdateConversationRequestSchema } from '@chat4all/gen/chat4all/v1/conversation_service_pb.js'
import { AudioContentSchema, ContactContentSchema, LocationContentSchema, PayloadSchema } from '@chat4all/gen/chat4all/v1/message_pb.js'
import { SendMessageRequestSchema, SendStreamRequestSchema } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { expect, test } from 'vitest'
import { contract } from '../rest/testing/contract.ts'
import { limitsOf } from './rules.ts'

const fieldOf = (message: DescMessage, name: string): DescField => message.fields.find((field) => field.name === name)!

test.each<[DescMessage, string, object]>([
  [SendMessageRequestSchema, 'message_id', { format: 'uuid' }],
  [SendMessageRequestSchema, 'channels', { maxItems: 16, items: { pattern: '^[a-z][a-z0-9_-]{0,31}$' } }],
  [SendMessageRequestSchema, 'mentions', { maxItems: 100, uniqueItems: true, items: { pattern: '^[A-Za-z0-9_@:+=~-]{1,128}$' } }],
  [
    SendMessageRequestSchema,
    'metadata',
    { maxProperties: 32, propertyNames: { minLength: 1, maxLength: 64 }, additionalProperties: { maxLength: 512 } },
  ],
  [SendStreamRequestSchema, 'messages', { minItems: 1, maxItems: 100, items: {} }],
  [PayloadSchema, 'text', { maxLength: 10240, pattern: '[^\\p{Z}\\p{Cc}]' }],
  [PayloadSchema, 'file', {}],
  [AudioContentSchema, 'waveform', { maxLength: 344 }],
  [ContactContentSchema, 'emails', { maxItems: 10, items: { format: 'email' } }],
  [LocationContentSchema, 'latitude', { minimum: -90, maximum: 90 }],
  [CreateConversationRequestSchema, 'type', { not: { enum: ['unspecified'] } }],
  [CreateApiClientRequestSchema, 'role', {}],
  [UpdateConversationRequestSchema, 'update_mask', { pattern: '^((title|metadata)(,(title|metadata))*)?$' }],
  [RotateApiClientSecretRequestSchema, 'grace_seconds', { minimum: 0, maximum: 604800 }],
])('%s.%s has its rules as limits', (message, name, schema) => {
  expect(limitsOf(fieldOf(message, name))).toEqual({ schema, notes: [] })
})

test('what no schema can say is said in words', () => {
  expect(limitsOf(fieldOf(CreateUserTokenRequestSchema, 'ttl'))).toEqual({ schema: {}, notes: ['At most 86400s.', 'At least 1s.'] })
})

test('a rule without a form stops the generation, and names the field', () => {
  const field = fieldOf(contract({ messages: { M: ['string address'] } }).message('M'), 'address')
  const options = create(FieldOptionsSchema)
  const ipv4 = { type: { case: 'string', value: { wellKnown: { case: 'ipv4', value: true } } } } as const
  setExtension(options, rulesOption, create(FieldRulesSchema, ipv4))
  field.proto.options = options
  expect(() => limitsOf(field)).toThrow('test.v1.M.address: the rule string.ipv4 has no form')
})
