import type { DescEnum, DescField, DescMessage, JsonObject } from '@bufbuild/protobuf'
import { isWrapperDesc } from '@bufbuild/protobuf/wkt'
import { shortEnumName } from '../rest/enum-names.ts'
import type { Comments } from './comments.ts'
import { merged } from './merge.ts'
import { messageSchema } from './message-schema.ts'
import { limitsOf } from './rules.ts'
import { type Place, scalarSchema } from './scalar-schema.ts'
import { wellKnownSchema } from './well-known.ts'

/** The schemas that others refer to by name. Each is made when it is first referred to. */
export class Schemas {
  readonly comments: Comments
  /** Of messages as they are answered, by type name. */
  readonly #examples: Readonly<Record<string, JsonObject>>
  readonly #made = new Map<string, { readonly typeName: string; schema: JsonObject }>()

  constructor(comments: Comments, examples: Readonly<Record<string, JsonObject>>) {
    this.comments = comments
    this.#examples = examples
  }

  /** By name, in alphabetical order. */
  all(): JsonObject {
    const named = [...this.#made].map(([name, { schema }]) => [name, schema] as const)
    return Object.fromEntries(named.sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  /** What a field holds, with its comment. Its rules only bind callers. */
  ofField(field: DescField, place: Place): JsonObject {
    const { schema, notes } = place === 'response' ? { schema: {}, notes: [] } : limitsOf(field)
    const description = [this.comments(field), ...notes].join('\n\n').trim()
    return {
      ...(description === '' ? {} : { description }),
      ...(field.deprecated ? { deprecated: true } : {}),
      ...withLimits(this.#container(field, place), schema),
    }
  }

  /** A message, by reference. Those that callers send may leave out more and have limits: they have another name. */
  ofMessage(desc: DescMessage, place: Place): JsonObject {
    const known = wellKnownSchema(desc)
    if (known !== undefined) return known
    if (isWrapperDesc(desc)) return this.#value(desc.fields[0]!, place)
    const name = place === 'response' || desc.name.endsWith('Request') ? desc.name : `${desc.name}Input`
    return this.#refTo(name, desc.typeName, () => {
      const example = place === 'response' ? this.#examples[desc.typeName] : undefined
      return { ...messageSchema(this, desc, place), ...(example === undefined ? {} : { examples: [example] }) }
    })
  }

  #container(field: DescField, place: Place): JsonObject {
    const value = this.#value(field, place)
    if (field.fieldKind === 'list') return { type: 'array', items: value }
    return field.fieldKind === 'map' ? { type: 'object', additionalProperties: value } : value
  }

  #value({ scalar, enum: desc, message }: Pick<DescField, 'scalar' | 'enum' | 'message'>, place: Place): JsonObject {
    if (message !== undefined) return this.ofMessage(message, place)
    return desc === undefined ? scalarSchema(scalar!, place) : this.#ofEnum(desc)
  }

  #ofEnum(desc: DescEnum): JsonObject {
    if (desc.typeName === 'google.protobuf.NullValue') return { type: 'null' }
    return this.#refTo(desc.name, desc.typeName, () => {
      const values = desc.values.map((value) => ({ name: shortEnumName(desc, value.name), comment: this.comments(value) }))
      const list = values.map(({ name, comment }) => `- \`${name}\`: ${comment.replaceAll('\n', ' ')}`).join('\n')
      return { type: 'string', description: `${this.comments(desc)}\n\n${list}`, enum: values.map(({ name }) => name) }
    })
  }

  #refTo(name: string, typeName: string, make: () => JsonObject): JsonObject {
    const before = this.#made.get(name)
    if (before === undefined) {
      // Messages may contain themselves.
      const entry = { typeName, schema: {} }
      this.#made.set(name, entry)
      entry.schema = make()
    } else if (before.typeName !== typeName) throw new Error(`${typeName} and ${before.typeName} would have the same name in the document`)
    return { $ref: `#/components/schemas/${name}` }
  }
}

/** Limits of a number say that it is finite. */
function withLimits(schema: JsonObject, limits: JsonObject): JsonObject {
  const [finite] = 'minimum' in limits && Array.isArray(schema['anyOf']) ? schema['anyOf'] : []
  return merged((finite as JsonObject | undefined) ?? schema, limits)
}
