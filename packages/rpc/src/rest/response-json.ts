import { type DescMessage, type JsonObject, type JsonValue, type Message, toJson } from '@bufbuild/protobuf'
import type { HttpBody } from '@chat4all/gen/google/api/httpbody_pb.js'
import { detailTypes } from '../errors.ts'
import type { Binding } from './bindings.ts'
import { toRestJson } from './json-names.ts'

const WRITE_OPTIONS = { useProtoFieldName: true, alwaysEmitImplicit: true, registry: detailTypes }

/** The answer of an RPC, or the one field of it that the binding answers with. */
export function responseJson({ desc, responseBody }: Binding, message: Message): JsonValue {
  const json = toRestJson(desc.output as DescMessage, toJson(desc.output, message, WRITE_OPTIONS))
  return responseBody === undefined ? json : ((json as JsonObject)[responseBody.name] ?? null)
}

/** Whether a binding answers with bytes as they are. */
export function answersHttpBody({ desc, responseBody }: Binding): boolean {
  return (responseBody === undefined ? desc.output : responseBody.message)?.typeName === 'google.api.HttpBody'
}

export function httpBodyOf({ responseBody }: Binding, message: Message): HttpBody | undefined {
  return (responseBody === undefined ? message : (message as unknown as Record<string, unknown>)[responseBody.localName]) as
    | HttpBody
    | undefined
}
