import { type DescField, getOption, isFieldSet, type JsonObject, type JsonValue, type Message } from '@bufbuild/protobuf'
import { type FieldRules, FieldRulesSchema, Ignore, field as rulesOption } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js'
import { shortEnumName } from '../rest/enum-names.ts'
import { merged } from './merge.ts'

/** What the rules of a field say. */
export interface Limits {
  readonly schema: JsonObject
  /** What no schema can say, in words. */
  readonly notes: readonly string[]
}

/** What one rule means. Undefined: nothing that is not said already. */
// biome-ignore lint/suspicious/noExplicitAny: the value of a rule has the type that the rule has in validate.proto
type Meaning = (value: any, field: DescField) => Partial<Limits> | undefined

const schema = (of: (value: JsonValue) => JsonObject): Meaning => {
  return (value) => ({ schema: of(typeof value === 'bigint' ? Number(value) : value) })
}

const NUMBER: Readonly<Record<string, Meaning>> = {
  const: schema((value) => ({ const: value })),
  gt: schema((value) => ({ exclusiveMinimum: value })),
  gte: schema((value) => ({ minimum: value })),
  lt: schema((value) => ({ exclusiveMaximum: value })),
  lte: schema((value) => ({ maximum: value })),
}

const STRING: Readonly<Record<string, Meaning>> = {
  const: schema((value) => ({ const: value })),
  in: schema((value) => ({ enum: value })),
  len: schema((value) => ({ minLength: value, maxLength: value })),
  min_len: schema((value) => ({ minLength: value })),
  max_len: schema((value) => ({ maxLength: value })),
  // Schemas count characters, of 1 to 4 bytes each. The comments of such fields speak of bytes.
  min_bytes: schema((value) => ({ minLength: Math.ceil(Number(value) / 4) })),
  max_bytes: schema((value) => ({ maxLength: value })),
  pattern: schema((value) => ({ pattern: value })),
  uuid: () => ({ schema: { format: 'uuid' } }),
  email: () => ({ schema: { format: 'email' } }),
  uri: () => ({ schema: { format: 'uri' } }),
  hostname: () => ({ schema: { format: 'hostname' } }),
}

const BYTES: Readonly<Record<string, Meaning>> = {
  // In base64.
  max_len: schema((value) => ({ maxLength: 4 * Math.ceil(Number(value) / 3) })),
}

const ENUM: Readonly<Record<string, Meaning>> = {
  defined_only: () => undefined,
  in: (numbers, field) => ({ schema: { enum: namesOf(field, numbers) } }),
  not_in: (numbers, field) => ({ schema: { not: { enum: namesOf(field, numbers) } } }),
}

const REPEATED: Readonly<Record<string, Meaning>> = {
  min_items: schema((value) => ({ minItems: value })),
  max_items: schema((value) => ({ maxItems: value })),
  unique: schema((value) => ({ uniqueItems: value })),
  items: (rules, field) => within('items', limits(field, rules)),
}

const MAP: Readonly<Record<string, Meaning>> = {
  min_pairs: schema((value) => ({ minProperties: value })),
  max_pairs: schema((value) => ({ maxProperties: value })),
  keys: (rules, field) => within('propertyNames', limits(field, rules)),
  values: (rules, field) => within('additionalProperties', limits(field, rules)),
}

const DURATION: Readonly<Record<string, Meaning>> = {
  gte: ({ seconds }) => ({ notes: [`At least ${seconds}s.`] }),
  lte: ({ seconds }) => ({ notes: [`At most ${seconds}s.`] }),
}

const FIELD_MASK: Readonly<Record<string, Meaning>> = {
  in: (paths: readonly string[]) => {
    const one = `(${paths.join('|')})`
    return { schema: { pattern: `^(${one}(,${one})*)?$` } }
  },
}

/** By the kind of rules, as `FieldRules` names it. */
const MEANINGS: Readonly<Record<string, Readonly<Record<string, Meaning>>>> = {
  string: STRING,
  bytes: BYTES,
  enum: ENUM,
  repeated: REPEATED,
  map: MAP,
  duration: DURATION,
  fieldMask: FIELD_MASK,
  ...Object.fromEntries(['int32', 'int64', 'uint32', 'uint64', 'double', 'float'].map((kind) => [kind, NUMBER])),
}

/** The `buf.validate` rules of a field as JSON Schema. Throws for a rule it has no form for, so that none is left out in silence. */
export function limitsOf(field: DescField): Limits {
  return limits(field, getOption(field, rulesOption))
}

function limits(field: DescField, rules: FieldRules): Limits {
  if (rules.ignore === Ignore.ALWAYS) return together([])
  const inWords = { notes: rules.cel.map(({ message }) => message) }
  if (rules.type.case === undefined) return together([inWords])
  const { case: kind, value } = rules.type
  return together([...rulesIn(kind, value).map(([name, rule]) => meaningOf(field, kind, name)(rule, field) ?? {}), inWords])
}

function meaningOf(field: DescField, kind: string, name: string): Meaning {
  const meaning = MEANINGS[kind]?.[name]
  if (meaning === undefined)
    throw new Error(`${field}: the rule ${kind}.${name} has no form in the OpenAPI document yet: give it one in rules.ts`)
  return meaning
}

/** The rules that are set, by name. */
function rulesIn(kind: string, rules: Message): readonly (readonly [string, unknown])[] {
  const desc = FieldRulesSchema.fields.find(({ localName }) => localName === kind)!.message!
  const values = rules as unknown as Record<string, unknown>
  return desc.fields
    .filter((rule) => isFieldSet(rules, rule))
    .map((rule) => [
      rule.name,
      rule.oneof === undefined ? values[rule.localName] : (values[rule.oneof.localName] as { value: unknown }).value,
    ])
}

function within(key: string, { schema, notes }: Limits): Limits {
  return { schema: { [key]: schema }, notes }
}

function together(parts: readonly Partial<Limits>[]): Limits {
  return { schema: merged(...parts.map((part) => part.schema ?? {})), notes: parts.flatMap((part) => part.notes ?? []) }
}

function namesOf({ enum: desc }: DescField, numbers: readonly number[]): string[] {
  return numbers.map((number) => shortEnumName(desc!, desc!.value[number]!.name))
}
