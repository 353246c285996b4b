import type { DescField, DescMessage } from '@bufbuild/protobuf'
import { isWrapperDesc } from '@bufbuild/protobuf/wkt'

/** Deeper than any field that stands in a path or a query. Messages may contain themselves. */
const MAX_DEPTH = 16
/** Messages that are one text in JSON, and so may stand where a scalar may. */
const TEXT_LIKE = new Set(['google.protobuf.Timestamp', 'google.protobuf.Duration', 'google.protobuf.FieldMask'])

const fieldsByName = new WeakMap<DescMessage, ReadonlyMap<string, DescField>>()

/** A field by its proto name or its JSON name. */
export function fieldNamed(message: DescMessage, name: string): DescField | undefined {
  let fields = fieldsByName.get(message)
  if (fields === undefined) {
    fields = new Map(message.fields.flatMap((field) => [[field.jsonName, field] as const, [field.name, field] as const]))
    fieldsByName.set(message, fields)
  }
  return fields.get(name)
}

/** The fields that a dotted name leads through, the last one last. Undefined if there is none, or it leads through lists or maps. */
export function fieldsAlong(message: DescMessage, names: readonly string[]): readonly DescField[] | undefined {
  if (names.length > MAX_DEPTH) return undefined
  const fields: DescField[] = []
  let inside: DescMessage | undefined = message
  for (const name of names) {
    const field: DescField | undefined = inside && fieldNamed(inside, name)
    if (field === undefined) return undefined
    fields.push(field)
    inside = field.fieldKind === 'message' && !isTextLike(field.message) ? field.message : undefined
  }
  return fields
}

function isTextLike(message: DescMessage): boolean {
  return TEXT_LIKE.has(message.typeName) || isWrapperDesc(message)
}

/** Whether one text can stand for one value of a field. For lists: for one element. */
export function takesText(field: DescField): boolean {
  if (field.fieldKind === 'map') return false
  return field.message === undefined || isTextLike(field.message)
}

/** Whether a field holds several values. */
export function isRepeated(field: DescField): boolean {
  return field.fieldKind === 'list' || field.fieldKind === 'map'
}
