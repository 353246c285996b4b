import { type JsonObject, ScalarType } from '@bufbuild/protobuf'

/** Where a value stands: in a JSON body, or as the text of a parameter. */
export type Place = 'request' | 'response' | 'parameter'

const NOT_FINITE: JsonObject = { type: 'string', enum: ['NaN', 'Infinity', '-Infinity'] }

/** What a scalar is in the JSON of Protobuf. Source: https://protobuf.dev/programming-guides/json */
export function scalarSchema(scalar: ScalarType, place: Place): JsonObject {
  switch (scalar) {
    case ScalarType.STRING:
      return { type: 'string' }
    case ScalarType.BYTES:
      return { type: 'string', contentEncoding: 'base64' }
    case ScalarType.BOOL:
      return { type: 'boolean' }
    case ScalarType.DOUBLE:
      return { anyOf: [{ type: 'number', format: 'double' }, NOT_FINITE] }
    case ScalarType.FLOAT:
      return { anyOf: [{ type: 'number', format: 'float' }, NOT_FINITE] }
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return { type: 'integer', format: 'int32' }
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return { type: 'integer', format: 'uint32', minimum: 0 }
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return { ...longSchema('uint64', '^[0-9]+$', place), minimum: 0 }
    default:
      return longSchema('int64', '^-?[0-9]+$', place)
  }
}

/** Integers of 64 bits are texts, as many languages cannot hold them as numbers. Numbers are taken too. */
function longSchema(format: string, pattern: string, place: Place): JsonObject {
  if (place === 'parameter') return { type: 'integer', format }
  return { type: place === 'request' ? ['string', 'integer'] : 'string', format, pattern }
}
