import type { Binding } from '../rest/bindings.ts'

/** A part of a path that a request field takes. */
export interface PathVariable {
  /** In the document. */
  readonly name: string
  /** In the request, dotted. */
  readonly fieldPath: string
}

/** A path as OpenAPI writes it. Throws for wildcards without a name, which it has no form for. */
export function pathOf({ template }: Binding): string {
  const parts: string[] = []
  for (let at = 0; at < template.segments.length; ) {
    const variable = template.variables.find(({ start }) => start === at)
    if (variable === undefined) parts.push(literalAt(template.segments[at]!))
    else parts.push(`{${nameOf(variable.fieldPath)}}`)
    at = variable === undefined ? at + 1 : (variable.end ?? template.segments.length)
  }
  return `/${parts.join('/')}${template.verb === undefined ? '' : `:${template.verb}`}`
}

export function variablesOf({ template }: Binding): readonly PathVariable[] {
  return template.variables.map(({ fieldPath }) => ({ name: nameOf(fieldPath), fieldPath: fieldPath.join('.') }))
}

/** The innermost name: paths that differ in nothing but names of variables count as one path in OpenAPI. */
function nameOf(fieldPath: readonly string[]): string {
  return fieldPath.at(-1)!
}

function literalAt(segment: Binding['template']['segments'][number]): string {
  if (segment.kind !== 'literal') throw new Error('a wildcard without a name has no form in the OpenAPI document')
  return encodeURI(segment.text)
}
