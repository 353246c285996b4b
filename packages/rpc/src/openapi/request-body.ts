import type { DescField, DescMessage, JsonObject, JsonValue } from '@bufbuild/protobuf'
import type { Binding } from '../rest/bindings.ts'
import { isObject } from '../rest/json-names.ts'
import { messageSchema } from './message-schema.ts'
import { valueAlong } from './parameters.ts'
import { variablesOf } from './path.ts'
import { requiredFields } from './required-fields.ts'
import type { Schemas } from './schemas.ts'

/** What a call takes as its body: what the path does not hold. Undefined: nothing. */
export function requestBodyOf(schemas: Schemas, binding: Binding, example: JsonObject): JsonObject | undefined {
  const { desc, body } = binding
  if (body === undefined) return undefined
  const message = body === '*' ? desc.input : body.fieldKind === 'message' ? body.message : undefined
  if (message?.typeName === 'google.api.HttpBody') return { required: true, content: { '*/*': {} } }
  const inPath = inPathOf(binding, body)
  if (message?.fields.every(({ name }) => inPath.includes(name))) return undefined
  const schema = body !== '*' && message === undefined ? schemas.ofField(body, 'request') : bodySchema(schemas, message!, inPath)
  const sent = without(body === '*' ? example : (valueAlong(example, body.name) ?? null), inPath)
  return {
    ...(isRequired(binding, inPath) ? { required: true } : {}),
    content: { 'application/json': { schema, example: sent } },
  }
}

/** Dotted names of what the path holds of the body. */
function inPathOf(binding: Binding, body: '*' | DescField): readonly string[] {
  const prefix = body === '*' ? '' : `${body.name}.`
  return variablesOf(binding).flatMap(({ fieldPath }) => (fieldPath.startsWith(prefix) ? [fieldPath.slice(prefix.length)] : []))
}

function bodySchema(schemas: Schemas, message: DescMessage, inPath: readonly string[]): JsonObject {
  return inPath.length === 0 ? schemas.ofMessage(message, 'request') : messageSchema(schemas, message, 'request', new Set(inPath))
}

/** Without a body, the fields in it have no value; but for a message that the path sets a part of, which is there then. */
function isRequired({ desc, body }: Binding, inPath: readonly string[]): boolean {
  const required = requiredFields(desc.input)
  if (body === '*') return [...required].some((name) => !inPath.includes(name))
  return body !== undefined && required.has(body.name) && inPath.length === 0
}

function without(json: JsonValue, fieldPaths: readonly string[]): JsonValue {
  if (!isObject(json)) return json
  const entries = Object.entries(json).flatMap(([key, value]): readonly (readonly [string, JsonValue])[] => {
    if (fieldPaths.includes(key)) return []
    const inner = fieldPaths.filter((path) => path.startsWith(`${key}.`)).map((path) => path.slice(key.length + 1))
    return [[key, without(value, inner)]]
  })
  return Object.fromEntries(entries)
}
