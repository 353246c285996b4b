import type { JsonObject } from '@bufbuild/protobuf'
import type { Binding } from '../rest/bindings.ts'
import { answersHttpBody } from '../rest/response-json.ts'
import { STATUS } from './error-schemas.ts'
import type { Schemas } from './schemas.ts'

/** What a call answers when it succeeds. */
export function successOf(schemas: Schemas, binding: Binding): JsonObject {
  const { desc } = binding
  return {
    description: schemas.comments(desc.output) || desc.output.name,
    headers: { 'X-Request-Id': { $ref: '#/components/headers/RequestId' } },
    content: contentOf(schemas, binding),
  }
}

function contentOf(schemas: Schemas, binding: Binding): JsonObject {
  const { desc, responseBody } = binding
  if (answersHttpBody(binding)) return { '*/*': {} }
  const schema = responseBody === undefined ? schemas.ofMessage(desc.output, 'response') : schemas.ofField(responseBody, 'response')
  if (desc.methodKind !== 'server_streaming') return { 'application/json': { schema } }
  return { 'application/x-ndjson': { schema: lineOf(schema) }, 'text/event-stream': { schema: EVENTS } }
}

/** OpenAPI 3.1 knows no streams: the schema is that of one line. */
function lineOf(schema: JsonObject): JsonObject {
  return {
    description: 'One line of the answer. All lines have this form; only the last one can be an `error`.',
    oneOf: [
      { type: 'object', properties: { result: schema }, required: ['result'] },
      { type: 'object', properties: { error: STATUS }, required: ['error'] },
    ],
  }
}

const EVENTS: JsonObject = {
  type: 'string',
  description: [
    'Server-sent events. The `data` of an event is what `result` is in a line of JSON, its `id` is the cursor, and a stream that',
    'fails ends with an event `error`, whose `data` is a Status.',
  ].join('\n'),
}
