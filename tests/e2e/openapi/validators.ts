import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { expect } from 'vitest'
import type { Document, Schema } from './documented.ts'

/** What OpenAPI has beside the keywords of JSON Schema. */
const OTHER_KEYWORDS = ['openapi', 'info', 'servers', 'security', 'tags', 'paths', 'components', 'example', 'discriminator']

/** Fails unless the value fits the schema. */
export type Expect = (what: string, schema: Schema, value: unknown) => void

/** Checks values against the schemas of a document. Answers may hold nothing that is not described. */
export function validatorOf(document: Document): Expect {
  const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allErrors: true })
  ajv.addVocabulary(OTHER_KEYWORDS)
  // `default` in ES modules, the function itself by its types.
  const formats = addFormats as unknown as typeof addFormats.default
  formats(ajv)
  ajv.addSchema({ ...(closed(document) as object), $id: 'openapi' })
  return (what, schema, value) => {
    const validate = ajv.compile(absolute(schema) as Schema)
    validate(value)
    expect(validate.errors ?? [], `${what}: ${JSON.stringify(value)?.slice(0, 1000)}`).toEqual([])
  }
}

/** Objects with just the properties that they name. */
function closed(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(closed)
  if (typeof json !== 'object' || json === null) return json
  const entries = Object.entries(json).map(([key, value]) => [key, key === 'example' || key === 'examples' ? value : closed(value)])
  const isOpen = 'type' in json && json.type === 'object' && 'properties' in json && !('additionalProperties' in json)
  return Object.fromEntries(isOpen ? [...entries, ['additionalProperties', false]] : entries)
}

function absolute(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(absolute)
  if (typeof json !== 'object' || json === null) return json
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, key === '$ref' ? `openapi${value}` : absolute(value)]))
}
