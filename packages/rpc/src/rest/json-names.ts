import type { DescEnum, DescField, DescMessage, JsonObject, JsonValue } from '@bufbuild/protobuf'
import { hasCustomJsonRepresentation } from '@bufbuild/protobuf/wkt'
import { enumValueJson, shortEnumName } from './enum-names.ts'
import { maskFromJson, maskToJson } from './mask-names.ts'

/**
 * What REST writes in another way than Protobuf's JSON does: enum values are short ("private"), and paths of field masks are in
 * snake_case. Field names need nothing: Protobuf's JSON reads both spellings, and writes the one it is told to. Only fields
 * that lead to such values are visited, so most of a request costs nothing here.
 */
type Rewrite = (json: JsonValue) => JsonValue

interface Visit {
  readonly name: string
  readonly jsonName: string
  readonly toProto: Rewrite
  readonly toRest: Rewrite
}

const visits = new WeakMap<DescMessage, readonly Visit[]>()

/** Rewrites a request as Protobuf's JSON has it, in place. What it does not know it leaves for the decoder to refuse. */
export function toProtoJson(desc: DescMessage, json: JsonValue): JsonValue {
  const visited = visitsOf(desc)
  if (visited.length === 0 || !isObject(json)) return json
  for (const { name, jsonName, toProto } of visited) {
    if (Object.hasOwn(json, name)) json[name] = toProto(json[name]!)
    if (jsonName !== name && Object.hasOwn(json, jsonName)) json[jsonName] = toProto(json[jsonName]!)
  }
  return json
}

/** Rewrites what Protobuf's JSON wrote, with proto names, as REST has it, in place. */
export function toRestJson(desc: DescMessage, json: JsonValue): JsonValue {
  const visited = visitsOf(desc)
  if (visited.length === 0 || !isObject(json)) return json
  for (const { name, toRest } of visited) {
    const value = json[name]
    if (value !== undefined) json[name] = toRest(value)
  }
  return json
}

/** The same for what one field holds. */
export function fieldToProtoJson(field: DescField, json: JsonValue): JsonValue {
  return visitOf(field)?.toProto(json) ?? json
}

function visitsOf(desc: DescMessage): readonly Visit[] {
  let made = visits.get(desc)
  if (made === undefined) {
    made = hasCustomJsonRepresentation(desc) ? [] : desc.fields.flatMap((field) => visitOf(field) ?? [])
    visits.set(desc, made)
  }
  return made
}

function visitOf(field: DescField): Visit | undefined {
  const one = rewrites(field.enum, field.message)
  if (one === undefined) return undefined
  const { name, jsonName } = field
  const [toProto, toRest] = one.map(field.fieldKind === 'list' ? ofList : field.fieldKind === 'map' ? ofMap : (rewrite) => rewrite)
  return { name, jsonName, toProto: toProto!, toRest: toRest! }
}

/** To Protobuf's JSON, and from it. */
function rewrites(desc: DescEnum | undefined, message: DescMessage | undefined): readonly [Rewrite, Rewrite] | undefined {
  if (isNamed(desc)) return [ofText((text) => enumValueJson(desc, text) ?? text), ofText((text) => shortEnumName(desc, text))]
  if (isMask(message)) return [ofText(maskToJson), ofText(maskFromJson)]
  if (message === undefined || !leadsToRewrites(message)) return undefined
  return [(json) => toProtoJson(message, json), (json) => toRestJson(message, json)]
}

function leadsToRewrites(message: DescMessage, seen = new Set<DescMessage>()): boolean {
  if (seen.has(message) || hasCustomJsonRepresentation(message)) return false
  seen.add(message)
  return message.fields.some(
    (field) => isNamed(field.enum) || isMask(field.message) || (field.message !== undefined && leadsToRewrites(field.message, seen)),
  )
}

/** The one value of NullValue is `null` in JSON. */
function isNamed(desc: DescEnum | undefined): desc is DescEnum {
  return desc !== undefined && desc.typeName !== 'google.protobuf.NullValue'
}

function isMask(message: DescMessage | undefined): boolean {
  return message?.typeName === 'google.protobuf.FieldMask'
}

function ofText(rewrite: (text: string) => string): Rewrite {
  return (json) => (typeof json === 'string' ? rewrite(json) : json)
}

function ofList(rewrite: Rewrite): Rewrite {
  return (json) => (Array.isArray(json) ? json.map(rewrite) : json)
}

function ofMap(rewrite: Rewrite): Rewrite {
  return (json) => (isObject(json) ? Object.fromEntries(Object.entries(json).map(([key, value]) => [key, rewrite(value)])) : json)
}

export function isObject(json: JsonValue | undefined): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}
