import { type DescMessage, fromJson, type JsonObject, type JsonValue, type Message, mergeFromJson } from '@bufbuild/protobuf'
import { ChatError } from '@chat4all/base'
import { detailTypes } from '../errors.ts'
import type { Binding } from './bindings.ts'
import { fieldNamed } from './fields.ts'
import { findFault } from './json-fault.ts'
import { fieldToProtoJson, isObject, toProtoJson } from './json-names.ts'
import { jsonOfPath, jsonOfQuery } from './query.ts'

/** Deeper than any request needs to be. */
const MAX_DEPTH = 64
/** Telling what is wrong with a larger request would take longer than it is worth. */
const MAX_EXPLAINED_BYTES = 64 * 1024
const READ_OPTIONS = { registry: detailTypes, recursionLimit: MAX_DEPTH }

/** The parts of an HTTP request that make up the request of an RPC. */
export interface RequestParts {
  /** As they stand in the path. */
  readonly segments: readonly string[]
  readonly query: string
  /** Undefined: there is none. */
  readonly body: JsonValue | undefined
  readonly bodyBytes: number
}

/** Puts the request of an RPC together. What the path says goes before all else. Throws typed errors that name the field. */
export function requestMessage(binding: Binding, { segments, query, body, bodyBytes }: RequestParts): Message {
  const { input } = binding.desc
  const json = withBody(binding, jsonOfQuery(binding, query), body)
  const message = decode(input, json, bodyBytes, (given) => fromJson(input, given, READ_OPTIONS))
  if (binding.variables.length === 0) return message
  return decode(input, jsonOfPath(binding, segments), 0, (given) => mergeFromJson(input, message, given, READ_OPTIONS))
}

function withBody({ desc, body: place }: Binding, json: JsonObject, body: JsonValue | undefined): JsonValue {
  if (place === undefined || body === undefined) return json
  if (!isWithin(body, MAX_DEPTH)) throw new ChatError('REQUEST_MALFORMED', 'The JSON of the request is nested too deeply.')
  if (place === '*') return toProtoJson(desc.input, body)
  return { ...json, [place.name]: fieldToProtoJson(place, body) }
}

function decode(desc: DescMessage, json: JsonValue, bytes: number, read: (json: JsonValue) => Message): Message {
  try {
    return read(json)
  } catch {
    if (bytes > MAX_EXPLAINED_BYTES) throw new ChatError('REQUEST_MALFORMED', 'The request is not valid JSON for its message.')
    return decodeUnwrapped(desc, json, read)
  }
}

/** Callers that know a field as a list may send one value in brackets where one value is asked for: `"to": ["bob"]`. */
function decodeUnwrapped(desc: DescMessage, json: JsonValue, read: (json: JsonValue) => Message): Message {
  const unwrapped = unwrap(desc, json)
  try {
    return read(unwrapped)
  } catch {
    const { field, description } = findFault(desc, unwrapped)
    throw new ChatError('FIELD_INVALID', field === '' ? `The request ${description}.` : `${field}: ${description}`, {
      fields: [{ field, description }],
    })
  }
}

function unwrap(desc: DescMessage, json: JsonValue): JsonValue {
  if (!isObject(json)) return json
  const entries = Object.entries(json).map(([key, value]) => {
    const isSingle = fieldNamed(desc, key)?.fieldKind === 'scalar'
    return [key, isSingle && Array.isArray(value) && value.length === 1 ? value[0]! : value] as const
  })
  return Object.fromEntries(entries)
}

function isWithin(json: JsonValue, depth: number): boolean {
  if (typeof json !== 'object' || json === null) return true
  if (depth === 0) return false
  for (const value of Object.values(json)) if (!isWithin(value, depth - 1)) return false
  return true
}
