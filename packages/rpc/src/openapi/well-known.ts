import type { DescMessage, JsonObject } from '@bufbuild/protobuf'

/** Messages that have a form of their own in JSON. */
const SCHEMAS: Readonly<Record<string, JsonObject>> = {
  'google.protobuf.Timestamp': { type: 'string', format: 'date-time' },
  'google.protobuf.Duration': { type: 'string', pattern: '^-?[0-9]+(\\.[0-9]{1,9})?s$' },
  'google.protobuf.FieldMask': { type: 'string' },
  'google.protobuf.Struct': { type: 'object' },
  'google.protobuf.Value': {},
  'google.protobuf.ListValue': { type: 'array' },
  'google.protobuf.Any': { type: 'object', properties: { '@type': { type: 'string' } }, required: ['@type'] },
  'google.rpc.Status': { $ref: '#/components/schemas/Status' },
}

export function wellKnownSchema({ typeName }: DescMessage): JsonObject | undefined {
  return SCHEMAS[typeName]
}
