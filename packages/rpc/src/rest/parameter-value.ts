import { type DescField, type DescMessage, type JsonValue, ScalarType } from '@bufbuild/protobuf'
import { isWrapperDesc } from '@bufbuild/protobuf/wkt'
import { enumValueJson } from './enum-names.ts'
import { maskToJson } from './mask-names.ts'

const WHOLE = /^-?(?:0|[1-9]\d*)$/
const DECIMAL = /^-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const NOT_FINITE = new Set(['NaN', 'Infinity', '-Infinity'])
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/

/** The JSON of a text in a path or a query, as the field (or an element of it) takes it. Undefined: it is no such value. Ranges are checked later. */
export function jsonOfText(field: DescField, text: string): JsonValue | undefined {
  if (field.enum !== undefined) return WHOLE.test(text) ? Number(text) : enumValueJson(field.enum, text)
  if (field.message !== undefined) return jsonOfMessage(field.message, text)
  return field.scalar === undefined ? undefined : jsonOfScalar(field.scalar, text)
}

function jsonOfMessage(message: DescMessage, text: string): JsonValue | undefined {
  if (isWrapperDesc(message)) return jsonOfText(message.fields[0]!, text)
  return message.typeName === 'google.protobuf.FieldMask' ? maskToJson(text) : text
}

function jsonOfScalar(scalar: ScalarType, text: string): JsonValue | undefined {
  switch (scalar) {
    case ScalarType.STRING:
      return text
    case ScalarType.BYTES:
      return BASE64.test(text) ? text : undefined
    case ScalarType.BOOL:
      return text === 'true' ? true : text === 'false' ? false : undefined
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return NOT_FINITE.has(text) ? text : DECIMAL.test(text) ? Number(text) : undefined
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return WHOLE.test(text) ? Number(text) : undefined
    default:
      return WHOLE.test(text) ? text : undefined
  }
}
