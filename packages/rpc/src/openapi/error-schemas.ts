import type { JsonObject } from '@bufbuild/protobuf'

export const STATUS: JsonObject = { $ref: '#/components/schemas/Status' }

/** An error: google.rpc.Status, with the details that this server gives (`errors.ts`). */
export const ERROR_SCHEMAS: JsonObject = {
  Status: {
    type: 'object',
    description: 'An error (`google.rpc.Status`). Programs branch on the `reason` of the `ErrorInfo` among its details.',
    properties: {
      code: { type: 'integer', format: 'int32', description: 'The status code (`google.rpc.Code`).' },
      message: { type: 'string', description: 'For people. May change.' },
      details: {
        type: 'array',
        description: 'Exactly one `ErrorInfo`; with it a `BadRequest` that names fields, or a `RetryInfo`.',
        items: {
          oneOf: ['ErrorInfo', 'BadRequest', 'RetryInfo'].map((name) => ({ $ref: `#/components/schemas/${name}` })),
          discriminator: {
            propertyName: '@type',
            mapping: Object.fromEntries(
              ['ErrorInfo', 'BadRequest', 'RetryInfo'].map((name) => [typeUrl(name), `#/components/schemas/${name}`]),
            ),
          },
        },
      },
    },
    required: ['code', 'message', 'details'],
    examples: [
      {
        code: 3,
        message: 'payload.text: must not be blank',
        details: [
          { '@type': typeUrl('ErrorInfo'), reason: 'FIELD_INVALID', domain: 'chat4all' },
          { '@type': typeUrl('BadRequest'), field_violations: [{ field: 'payload.text', description: 'must not be blank' }] },
        ],
      },
    ],
  },
  ErrorInfo: detail('ErrorInfo', 'Why the call failed.', {
    reason: { type: 'string', description: 'A name of `ErrorReason`, without its prefix. New ones may come.' },
    domain: { type: 'string', const: 'chat4all' },
    metadata: { type: 'object', additionalProperties: { type: 'string' }, description: 'Values that belong to the reason.' },
  }),
  BadRequest: detail('BadRequest', 'The fields that break a rule.', {
    field_violations: {
      type: 'array',
      description: 'One for each field.',
      items: {
        type: 'object',
        properties: {
          field: { type: 'string', description: 'Its path in the request: `payload.text`. Empty: the request as a whole.' },
          description: { type: 'string', description: 'The rule, in words.' },
        },
        required: ['description'],
      },
    },
  }),
  RetryInfo: detail('RetryInfo', 'When it is worth trying again.', {
    retry_delay: { type: 'string', pattern: '^[0-9]+(\\.[0-9]{1,9})?s$', description: 'Seconds to wait: `1.500s`.' },
  }),
}

function detail(name: string, description: string, properties: JsonObject): JsonObject {
  const required = ['@type', ...Object.keys(properties).filter((property) => property !== 'metadata')]
  return { type: 'object', description, properties: { '@type': { type: 'string', const: typeUrl(name) }, ...properties }, required }
}

function typeUrl(name: string): string {
  return `type.googleapis.com/google.rpc.${name}`
}
