import {
  type DescEnum,
  type DescMessage,
  type DescMethod,
  fromJson,
  getOption,
  type JsonObject,
  type JsonValue,
  type Message,
  type Registry,
  toJson,
} from '@bufbuild/protobuf'
import { http } from '@chat4all/gen/google/api/annotations_pb.js'
import { StatusSchema } from '@chat4all/gen/google/rpc/status_pb.js'
import type { Front, Told } from './front.ts'

/** Calls RPCs as somebody who reads their `google.api.http` options does. Knows the forms of paths that our contracts use. */
export function restFront(baseUrl: string, registry: Registry, refusalOf: (code: number, status: Message) => Told['refusal']): Front {
  return {
    name: 'REST',
    fullDuplex: false,
    async call(method, request, token, enough = () => false) {
      const { url, ...init } = httpRequest(method, toJson(method.input, request, { useProtoFieldName: true, registry }) as JsonObject)
      const leave = new AbortController()
      const authorization: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
      const headers = { ...authorization, 'content-type': 'application/json' }
      const response = await fetch(`${baseUrl}${url}`, { ...init, headers, signal: leave.signal })
      const answers: Message[] = []
      for await (const json of method.methodKind === 'unary' ? whole(response) : lines(response)) {
        const failure = response.ok ? json.error : json
        if (failure !== undefined) {
          const status = fromJson(StatusSchema, failure, { registry })
          return { answers, refusal: refusalOf(status.code, status)! }
        }
        const answer = fromJson(method.output, renamed(method.output, (json.result ?? json) as JsonObject, fullName), { registry })
        answers.push(answer)
        if (enough(answer)) break
      }
      leave.abort()
      return { answers }
    },
  }
}

function httpRequest(method: DescMethod, json: JsonObject) {
  const { pattern, body } = getOption(method, http)
  const named = renamed(method.input, json, shortName)
  // An empty part of a path would be another path.
  const path = (pattern.value as string).replaceAll(/\{([\w.]+)\}/g, (_, field: string) =>
    encodeURIComponent(take(named, field.split('.')) || 'x'),
  )
  const init = { method: pattern.case!.toUpperCase() }
  if (body === '*') return { ...init, url: path, body: JSON.stringify(named) }
  const content = body === '' ? undefined : JSON.stringify(named[body] ?? {})
  delete named[body]
  return { ...init, url: `${path}?${query(named)}`, ...(content === undefined ? {} : { body: content }) }
}

/** Takes a value out. */
function take(json: JsonObject, [first, ...rest]: readonly string[]): string {
  if (rest.length > 0) return json[first!] === undefined ? '' : take(json[first!] as JsonObject, rest)
  const value = json[first!] ?? ''
  delete json[first!]
  return String(value)
}

function query(json: JsonObject): string {
  return Object.entries(json)
    .flatMap(([name, value]) => [value].flat().map((each) => `${encodeURIComponent(name)}=${encodeURIComponent(String(each))}`))
    .join('&')
}

/** Enum values of a message with their names in another form. */
function renamed(desc: DescMessage, json: JsonObject, rename: (desc: DescEnum, name: string) => string): JsonObject {
  const one = (field: DescMessage['fields'][number], value: JsonValue): JsonValue => {
    if (field.enum !== undefined) return rename(field.enum, value as string)
    const isObject = typeof value === 'object' && value !== null
    return field.message !== undefined && isObject ? renamed(field.message, value as JsonObject, rename) : value
  }
  const entries = Object.entries(json).map(([key, value]) => {
    const field = desc.fields.find(({ name }) => name === key)
    if (field === undefined || field.fieldKind === 'map') return [key, value]
    return [key, Array.isArray(value) ? value.map((each) => one(field, each)) : one(field, value)]
  })
  return Object.fromEntries(entries)
}

/** "CONVERSATION_TYPE_" for ConversationType. */
function prefixOf({ name }: DescEnum): string {
  return `${name.replaceAll(/(?<=.)[A-Z]/g, '_$&').toUpperCase()}_`
}

function shortName(desc: DescEnum, name: string): string {
  return name.slice(prefixOf(desc).length).toLowerCase()
}

function fullName(desc: DescEnum, name: string): string {
  return `${prefixOf(desc)}${name.toUpperCase()}`
}

async function* whole(response: Response): AsyncGenerator<JsonObject> {
  yield (await response.json()) as JsonObject
}

/** The lines of a stream; the one answer of a refused call. */
async function* lines(response: Response): AsyncGenerator<JsonObject> {
  let unfinished = ''
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    const [...complete] = `${unfinished}${chunk}`.split('\n')
    unfinished = complete.pop()!
    for (const line of complete) yield JSON.parse(line) as JsonObject
  }
  if (unfinished !== '') yield JSON.parse(unfinished) as JsonObject
}
