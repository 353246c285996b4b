/** The parts of an OpenAPI document that the tests read. */
export interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>
    readonly parameters: Readonly<Record<string, Parameter>>
    readonly responses: Readonly<Record<string, Answer>>
  }
}

export type Schema = Readonly<Record<string, unknown>>

export interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required?: boolean
  readonly schema: Schema
  readonly example?: unknown
}

export interface Operation {
  readonly operationId: string
  readonly description?: string
  readonly tags: readonly string[]
  readonly security?: readonly object[]
  readonly parameters?: readonly (Parameter | { readonly $ref: string })[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema; readonly example: unknown }>> }
  readonly responses: Readonly<Record<string, Answer | { readonly $ref: string }>>
}

interface Answer {
  readonly description: string
  readonly content: Readonly<Record<string, { readonly schema: Schema; readonly example?: unknown }>>
}

/** One operation with its place in the document. */
export interface Documented {
  readonly path: string
  readonly method: string
  readonly operation: Operation
}

export function operationsOf({ paths }: Document): readonly Documented[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  )
}

export function parametersOf({ components }: Document, { parameters = [] }: Operation): readonly Parameter[] {
  return parameters.map((parameter) => ('$ref' in parameter ? components.parameters[lastOf(parameter.$ref)]! : parameter))
}

/** What an operation says about a status. Undefined: nothing. */
export function answerOf({ components }: Document, { responses }: Operation, status: number): Answer | undefined {
  const answer = responses[status]
  return answer !== undefined && '$ref' in answer ? components.responses[lastOf(answer.$ref)] : answer
}

function lastOf(reference: string): string {
  return reference.slice(reference.lastIndexOf('/') + 1)
}

/** Values that examples can't know, by the name of the field or parameter. */
export type Substitutes = Readonly<Record<string, string>>

/** The request that Swagger UI offers to send. */
export function exampleRequest(document: Document, { path, method, operation }: Documented, substitutes: Substitutes) {
  const given = parametersOf(document, operation).filter(({ example }) => example !== undefined)
  const texts = given.map((each) => ({ ...each, text: encodeURIComponent(substitutes[each.name] ?? String(each.example)) }))
  const inPath = (name: string) => texts.find((each) => each.in === 'path' && each.name === name)?.text ?? ''
  const query = texts.filter((each) => each.in === 'query').map(({ name, text }) => `${name}=${text}`)
  const body = operation.requestBody?.content['application/json']?.example
  return {
    url: `${path.replaceAll(/\{(\w+)\}/g, (_, name: string) => inPath(name))}${query.length === 0 ? '' : `?${query.join('&')}`}`,
    init: { method, ...(body === undefined ? {} : { body: JSON.stringify(substituted(body, substitutes)) }) },
  }
}

function substituted(json: unknown, by: Substitutes): unknown {
  if (Array.isArray(json)) return json.map((each) => substituted(each, by))
  if (typeof json !== 'object' || json === null) return json
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => [key, typeof value === 'string' ? (by[key] ?? value) : substituted(value, by)]),
  )
}
