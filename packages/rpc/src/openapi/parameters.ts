import { type DescField, type DescMessage, type JsonObject, type JsonValue, ScalarType } from '@bufbuild/protobuf'
import type { Binding } from '../rest/bindings.ts'
import { fieldsAlong, takesText } from '../rest/fields.ts'
import { isObject } from '../rest/json-names.ts'
import { variablesOf } from './path.ts'
import { requiredFields } from './required-fields.ts'
import type { Schemas } from './schemas.ts'

/** What a call takes beside its body. */
export function parametersOf(schemas: Schemas, binding: Binding, example: JsonObject): readonly JsonObject[] {
  return [...pathParameters(schemas, binding, example), ...queryParameters(schemas, binding, example), ...headers(binding)]
}

function pathParameters(schemas: Schemas, binding: Binding, example: JsonObject): readonly JsonObject[] {
  return variablesOf(binding).map(({ name, fieldPath }) => {
    const field = fieldsAlong(binding.desc.input, fieldPath.split('.'))!.at(-1)!
    return parameter(schemas, field, { name, in: 'path', required: true }, valueAlong(example, fieldPath))
  })
}

function queryParameters(schemas: Schemas, binding: Binding, example: JsonObject): readonly JsonObject[] {
  const { input } = binding.desc
  const required = requiredFields(input)
  return queryFields(binding, input, '', new Set()).map(([name, field]) => {
    return parameter(schemas, field, { name, in: 'query', ...(required.has(name) ? { required: true } : {}) }, valueAlong(example, name))
  })
}

/** The fields that neither the path nor the body holds, also those inside of others. */
function queryFields(
  binding: Binding,
  message: DescMessage,
  prefix: string,
  around: ReadonlySet<DescMessage>,
): readonly (readonly [string, DescField])[] {
  if (binding.body === '*' || around.has(message)) return []
  const inPath = new Set(variablesOf(binding).map(({ fieldPath }) => fieldPath))
  return message.fields.flatMap((field) => {
    const name = `${prefix}${field.name}`
    if (field === binding.body || inPath.has(name)) return []
    if (takesText(field)) return [[name, field] as const]
    return field.fieldKind === 'message' ? queryFields(binding, field.message, `${name}.`, new Set([...around, message])) : []
  })
}

function parameter(schemas: Schemas, field: DescField, start: JsonObject, example: JsonValue | undefined): JsonObject {
  const { description = '', deprecated, ...schema } = schemas.ofField(field, 'parameter')
  const words = `${description}${alternativesTo(field)}`
  return {
    ...start,
    ...(words === '' ? {} : { description: words }),
    ...(deprecated === undefined ? {} : { deprecated }),
    schema,
    ...(example === undefined ? {} : { example }),
  }
}

function alternativesTo({ oneof, name }: DescField): string {
  const others = oneof?.fields.filter((field) => field.name !== name).map((field) => `\`${field.name}\``) ?? []
  return others.length === 0 ? '' : `\n\nNot together with ${others.join(', ')}.`
}

function headers({ desc }: Binding): readonly JsonObject[] {
  const timeout = { $ref: '#/components/parameters/ServerTimeout' }
  if (desc.methodKind !== 'server_streaming') return [timeout]
  const resumes = desc.input.fields.some(({ name, scalar, oneof }) => name === 'cursor' && scalar === ScalarType.STRING && !oneof)
  return resumes ? [timeout, { $ref: '#/components/parameters/LastEventId' }] : [timeout]
}

export function valueAlong(json: JsonObject, fieldPath: string): JsonValue | undefined {
  return fieldPath.split('.').reduce<JsonValue | undefined>((value, name) => (isObject(value) ? value[name] : undefined), json)
}
