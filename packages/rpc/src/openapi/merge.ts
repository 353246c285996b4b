import type { JsonObject, JsonValue } from '@bufbuild/protobuf'
import { isObject } from '../rest/json-names.ts'

/** One schema with what all of them say. Where two say the same thing, the later one goes. */
export function merged(...schemas: readonly JsonObject[]): JsonObject {
  const all: JsonObject = {}
  for (const schema of schemas) {
    for (const [key, value] of Object.entries(schema)) all[key] = both(all[key], value)
  }
  return all
}

function both(before: JsonValue | undefined, value: JsonValue): JsonValue {
  return isObject(before) && isObject(value) ? merged(before, value) : value
}
