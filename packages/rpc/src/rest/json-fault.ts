import { type DescField, type DescMessage, fromJson, type JsonValue, ScalarType } from '@bufbuild/protobuf'
import { hasCustomJsonRepresentation, isWrapperDesc } from '@bufbuild/protobuf/wkt'
import { shortEnumName } from './enum-names.ts'
import { fieldNamed } from './fields.ts'
import { isObject } from './json-names.ts'

/** What is wrong with a request, as a proto path and words. Never quotes a value. */
export interface Fault {
  readonly field: string
  readonly description: string
}

/** Names of fields that callers made up are told back, but not at any length. */
const MAX_NAME = 64

/**
 * Finds the field that the decoder refused, whose own error names neither the way to it nor what would be right. Decodes
 * piece by piece, and so runs only for requests that are refused anyway.
 */
export function findFault(desc: DescMessage, json: JsonValue, path = ''): Fault {
  if (!isObject(json)) return { field: path, description: 'must be a JSON object' }
  for (const [key, value] of Object.entries(json)) {
    const field = fieldNamed(desc, key)
    const at = `${path}${path && '.'}${field?.name ?? key.slice(0, MAX_NAME)}`
    if (field === undefined) return { field: at, description: 'is not known here' }
    if (!decodes(desc, { [key]: value })) return faultInField(desc, field, value, at)
  }
  return { field: path, description: `sets ${clashOf(desc, Object.keys(json))}, of which only one may be set` }
}

/** Two names of one field, or two fields of one oneof. */
function clashOf(desc: DescMessage, keys: readonly string[]): string {
  const placeOf = (key: string) => fieldNamed(desc, key)?.oneof ?? fieldNamed(desc, key)
  const clashing = keys.filter((key) => keys.some((other) => other !== key && placeOf(other) === placeOf(key)))
  return clashing.join(' and ')
}

function faultInField(desc: DescMessage, field: DescField, json: JsonValue, at: string): Fault {
  if (field.fieldKind === 'list') return faultInList(desc, field, json, at)
  if (field.fieldKind === 'map' || field.message === undefined || hasCustomJsonRepresentation(field.message))
    return { field: at, description: expectedOf(field) }
  return findFault(field.message, json, at)
}

function faultInList(desc: DescMessage, field: DescField & { fieldKind: 'list' }, json: JsonValue, at: string): Fault {
  if (!Array.isArray(json)) return { field: at, description: 'must be a list' }
  const index = json.findIndex((element) => !decodes(desc, { [field.name]: [element] }))
  const elementAt = `${at}[${index}]`
  if (field.message === undefined || hasCustomJsonRepresentation(field.message)) return { field: elementAt, description: expectedOf(field) }
  return findFault(field.message, json[index]!, elementAt)
}

function decodes(desc: DescMessage, json: JsonValue): boolean {
  try {
    fromJson(desc, json)
    return true
  } catch {
    return false
  }
}

/** What a field, or an element of it, takes. */
export function expectedOf(field: DescField): string {
  if (field.fieldKind === 'map') return 'must be a JSON object of the right values'
  if (field.enum !== undefined) return `must be one of ${field.enum.values.map(({ name }) => shortEnumName(field.enum!, name)).join(', ')}`
  if (field.message === undefined) return expectedOfScalar(field.scalar!)
  if (isWrapperDesc(field.message)) return expectedOf(field.message.fields[0]!)
  return EXPECTED[field.message.typeName] ?? 'is not valid'
}

const EXPECTED: Readonly<Record<string, string>> = {
  'google.protobuf.Timestamp': 'must be a time, for example 2030-01-31T12:00:00Z',
  'google.protobuf.Duration': 'must be a duration in seconds, for example 1.5s',
  'google.protobuf.FieldMask': 'must be names of fields with commas between them',
}

function expectedOfScalar(scalar: ScalarType): string {
  switch (scalar) {
    case ScalarType.STRING:
      return 'must be a text'
    case ScalarType.BYTES:
      return 'must be bytes in base64'
    case ScalarType.BOOL:
      return 'must be true or false'
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return 'must be a number'
    case ScalarType.UINT32:
    case ScalarType.UINT64:
    case ScalarType.FIXED32:
    case ScalarType.FIXED64:
      return 'must be a whole number of its range, not below 0'
    default:
      return 'must be a whole number of its range'
  }
}
