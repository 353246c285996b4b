import { type DescEnum, type DescMethod, getOption, type JsonObject } from '@bufbuild/protobuf'
import { Access, access } from '@chat4all/gen/chat4all/v1/access_pb.js'
import type { Binding } from '../rest/bindings.ts'
import type { ErrorResponses } from './error-responses.ts'
import { rulesInWords } from './message-schema.ts'
import { parametersOf } from './parameters.ts'
import { requestBodyOf } from './request-body.ts'
import { successOf } from './responses.ts'
import type { Schemas } from './schemas.ts'

/** What the operations of one document share. */
export interface Parts {
  readonly schemas: Schemas
  readonly errors: ErrorResponses
  /** Whose comments say who may call. */
  readonly access: DescEnum
  /** Of requests, by the name of the RPC. */
  readonly examples: Readonly<Record<string, JsonObject>>
}

/** One way to call an RPC. The first is named after the RPC, others are numbered. */
export function operationOf(parts: Parts, binding: Binding, index: number): JsonObject {
  const { desc } = binding
  const rule = getOption(desc, access)
  const example = parts.examples[desc.name] ?? {}
  const requestBody = requestBodyOf(parts.schemas, binding, example)
  return {
    operationId: index === 0 ? desc.localName : `${desc.localName}${index + 1}`,
    tags: [desc.parent.name],
    summary: wordsOf(desc),
    description: descriptionOf(parts, binding, rule),
    ...(desc.deprecated ? { deprecated: true } : {}),
    ...(rule === Access.PUBLIC ? { security: [] } : {}),
    parameters: [...parametersOf(parts.schemas, binding, example)],
    ...(requestBody === undefined ? {} : { requestBody }),
    responses: {
      200: successOf(parts.schemas, binding),
      ...parts.errors.of(parts.schemas.comments(desc), rule, requestBody !== undefined),
    },
  }
}

/** "Send message" for SendMessage. */
function wordsOf({ name }: DescMethod): string {
  const words = name.replaceAll(/(?<=.)[A-Z]/g, ' $&').toLowerCase()
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`
}

/** Rules over several fields stand in the schema of the body, where there is one. */
function descriptionOf({ schemas, access: desc }: Parts, { desc: method, body }: Binding, rule: Access): string {
  const comment = schemas.comments(method).replaceAll(/\n+(?=Errors:|Ends with:)/g, '\n\n')
  const rules = body === '*' ? [] : rulesInWords(method.input)
  return [comment, ...rules, `**Who may call:** ${schemas.comments(desc.value[rule]!)}`].join('\n\n').trim()
}
