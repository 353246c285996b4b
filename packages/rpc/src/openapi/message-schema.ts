import { type DescField, type DescMessage, type DescOneof, getOption, type JsonObject } from '@bufbuild/protobuf'
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt'
import { message as messageRules, oneof as oneofRules } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js'
import type { Comments } from './comments.ts'
import { requiredFields } from './required-fields.ts'
import type { Place } from './scalar-schema.ts'

/** What a message is made of. */
interface Schemas {
  readonly comments: Comments
  ofField(field: DescField, place: Place): JsonObject
}

const NOTHING: ReadonlySet<string> = new Set()

/**
 * A message as JSON. Callers may send no field that is not known; answers may get new ones.
 * @param without Dotted names of fields that stand elsewhere, in the path of the call.
 */
export function messageSchema(schemas: Schemas, desc: DescMessage, place: Place, without = NOTHING): JsonObject {
  const isRequest = place !== 'response'
  const fields = desc.fields.filter(({ name }) => !without.has(name))
  const required = isRequest ? requiredFields(desc) : NOTHING
  const must = fields.filter((field) => (isRequest ? required.has(field.name) : isAlwaysThere(field))).map(({ name }) => name)
  const properties = fields.map((field) => [field.name, propertyOf(schemas, field, place, without)])
  const oneofs = desc.oneofs.map((oneof) => oneofSchema(oneof, isRequest))
  return {
    type: 'object',
    description: [schemas.comments(desc), ...(isRequest ? rulesInWords(desc) : [])].join('\n\n'),
    ...(properties.length === 0 ? {} : { properties: Object.fromEntries(properties) }),
    ...(must.length === 0 ? {} : { required: must }),
    ...(oneofs.length > 1 ? { allOf: oneofs } : oneofs[0]),
    ...(isRequest ? { additionalProperties: false } : {}),
  }
}

function propertyOf(schemas: Schemas, field: DescField, place: Place, without: ReadonlySet<string>): JsonObject {
  const inner = [...without].filter((name) => name.startsWith(`${field.name}.`)).map((name) => name.slice(field.name.length + 1))
  if (inner.length === 0 || field.message === undefined) return schemas.ofField(field, place)
  return messageSchema(schemas, field.message, place, new Set(inner))
}

/** Fields without a value are answered with their default, but for those that can be absent. */
function isAlwaysThere({ presence }: DescField): boolean {
  return presence === FeatureSet_FieldPresence.IMPLICIT
}

function oneofSchema(oneof: DescOneof, isRequest: boolean): JsonObject {
  const each: JsonObject[] = oneof.fields.map(({ name }) => ({ required: [name] }))
  const mustBeSet = isRequest && getOption(oneof, oneofRules).required
  return { oneOf: mustBeSet ? each : [...each, { not: { anyOf: each } }] }
}

/** Rules over several fields. */
export function rulesInWords(desc: DescMessage): readonly string[] {
  return getOption(desc, messageRules).cel.map(({ message }) => message)
}
