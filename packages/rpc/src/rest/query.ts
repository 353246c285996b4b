import type { DescField, DescMessage, JsonObject, JsonValue } from '@bufbuild/protobuf'
import { invalidField } from '@chat4all/base'
import type { Binding } from './bindings.ts'
import { fieldsAlong, isRepeated, takesText } from './fields.ts'
import { expectedOf } from './json-fault.ts'
import { jsonOfText } from './parameter-value.ts'
import { decodeQueryPart } from './percent.ts'
import { variableValue } from './route-tree.ts'

/** The parameters of a query as the JSON of the request. Throws a typed error that names the parameter. */
export function jsonOfQuery(binding: Binding, query: string): JsonObject {
  const json = noFields()
  for (const pair of query.split('&')) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = decodeQueryPart(equals < 0 ? pair : pair.slice(0, equals))
    const text = equals < 0 ? '' : decodeQueryPart(pair.slice(equals + 1))
    const fields = parameterFields(binding, name)
    put(json, name, fields, jsonValue(name, fields.at(-1)!, text))
  }
  return json
}

/** What the path holds, as the JSON of the request. */
export function jsonOfPath({ variables }: Binding, segments: readonly string[]): JsonObject {
  const json = noFields()
  for (const variable of variables) {
    const name = variable.fieldPath.join('.')
    put(json, name, variable.fields, jsonValue(name, variable.fields.at(-1)!, variableValue(variable, segments)))
  }
  return json
}

/** The fields that a parameter may set: those that neither the path nor the body holds. One that the path holds is taken, and then overruled. */
function parameterFields({ desc, body }: Binding, name: string): readonly DescField[] {
  const fields = body === '*' ? undefined : fieldsAlong(desc.input as DescMessage, name.split('.'))
  const last = fields?.at(-1)
  if (fields === undefined || last === undefined || fields[0] === body) throw invalidField(name, 'is no parameter of this call')
  if (!takesText(last)) throw invalidField(name, 'can not be given in a query')
  return fields
}

function jsonValue(name: string, field: DescField, text: string): JsonValue {
  const value = jsonOfText(field, text)
  if (value === undefined) throw invalidField(name, expectedOf(field))
  return value
}

function put(json: JsonObject, name: string, fields: readonly DescField[], value: JsonValue): void {
  const last = fields.at(-1)!
  const holder = fields.slice(0, -1).reduce(within, json)
  const before = holder[last.name]
  if (isRepeated(last) && before !== undefined) (before as JsonValue[]).push(value)
  else if (isRepeated(last)) holder[last.name] = [value]
  else if (before !== undefined) throw invalidField(name, 'stands twice')
  else holder[last.name] = value
}

function within(json: JsonObject, { name }: DescField): JsonObject {
  const inner = (json[name] as JsonObject | undefined) ?? noFields()
  json[name] = inner
  return inner
}

/** Without a prototype: a field may have any name. */
function noFields(): JsonObject {
  return Object.create(null)
}
