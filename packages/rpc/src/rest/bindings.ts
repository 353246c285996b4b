import { type DescField, type DescMessage, type DescMethod, getOption, hasOption } from '@bufbuild/protobuf'
import { http } from '@chat4all/gen/google/api/annotations_pb.js'
import type { HttpRule } from '@chat4all/gen/google/api/http_pb.js'
import { fieldsAlong, isRepeated, takesText } from './fields.ts'
import { parseTemplate, type Template, type Variable } from './template.ts'

/** A part of the path with the request field it sets, and those it lies in. */
interface BoundVariable extends Variable {
  readonly fields: readonly DescField[]
}

/** One way to call an RPC over HTTP. */
export interface Binding {
  readonly desc: DescMethod
  readonly httpMethod: string
  readonly template: Template
  readonly variables: readonly BoundVariable[]
  /** What the body holds: nothing, the whole request, or one field of it. */
  readonly body: undefined | '*' | DescField
  /** The field of the response that is answered. Undefined: all of it. */
  readonly responseBody: DescField | undefined
}

/** The bindings that the contract of an RPC declares. Throws, naming the RPC, where they make no sense. */
export function bindingsOf(desc: DescMethod): readonly Binding[] {
  if (!hasOption(desc, http)) return []
  const rule = getOption(desc, http)
  const rpc = `${desc.parent.typeName}.${desc.name}`
  try {
    if (desc.methodKind === 'bidi_streaming' || desc.methodKind === 'client_streaming')
      throw new Error('HTTP can carry no stream of requests')
    if (rule.additionalBindings.some((each) => each.additionalBindings.length > 0)) throw new Error('additional_bindings may not be nested')
    return [rule, ...rule.additionalBindings].map((each) => binding(desc, each))
  } catch (error) {
    throw new Error(`${rpc}: ${(error as Error).message}`, { cause: error })
  }
}

function binding(desc: DescMethod, rule: HttpRule): Binding {
  const [httpMethod, path] = patternOf(rule)
  const template = parseTemplate(path)
  const variables = template.variables.map((variable) => bound(desc.input, variable))
  if (httpMethod === 'GET' && rule.body !== '') throw new Error('a GET takes no body')
  const body = rule.body === '' || rule.body === '*' ? rule.body || undefined : topField(desc.input, rule.body, 'body')
  const responseBody = rule.responseBody === '' ? undefined : topField(desc.output, rule.responseBody, 'response_body')
  return { desc, httpMethod, template, variables, body: body as Binding['body'], responseBody }
}

function patternOf({ pattern }: HttpRule): readonly [string, string] {
  if (pattern.case === undefined) throw new Error('the HTTP method and path are missing')
  return pattern.case === 'custom' ? [pattern.value.kind.toUpperCase(), pattern.value.path] : [pattern.case.toUpperCase(), pattern.value]
}

function bound(input: DescMessage, variable: Variable): BoundVariable {
  const name = variable.fieldPath.join('.')
  const fields = fieldsAlong(input, variable.fieldPath)
  const last = fields?.at(-1)
  if (fields === undefined || last === undefined) throw new Error(`{${name}} is no field of ${input.typeName}`)
  if (isRepeated(last)) throw new Error(`{${name}} is repeated, and a path holds one value`)
  if (!takesText(last)) throw new Error(`{${name}} is a message, and a path holds one value`)
  return { ...variable, fields }
}

/** By its proto name: contracts are written with those. */
function topField(message: DescMessage, name: string, option: string): DescField {
  const field = message.fields.find((each) => each.name === name)
  if (field === undefined) throw new Error(`${option} names "${name}", which is no field of ${message.typeName}`)
  return field
}
