import { type DescMessage, type DescMethod, fromJson, type JsonObject, type Message, type Registry } from '@bufbuild/protobuf'
import { toProtoJson } from '../rest/json-names.ts'
import { validate } from '../validation.ts'

/** Examples as REST has them. */
export interface Examples {
  /** A whole request for every RPC, by its name. What stands in the path or the query of a call is taken out of it. */
  readonly requests: Readonly<Record<string, JsonObject>>
  /** Of messages as they are answered, by type name. */
  readonly messages: Readonly<Record<string, JsonObject>>
}

/** Throws, naming the example, unless each is valid and there is one for every RPC and none besides. */
export function checkExamples({ requests, messages }: Examples, methods: readonly DescMethod[], registry: Registry): void {
  const byName = new Map(methods.map((method) => [method.name, method]))
  for (const name of byName.keys()) if (requests[name] === undefined) throw new Error(`${name} has no example: add one`)
  for (const [name, json] of Object.entries(requests)) {
    const desc = byName.get(name)?.input
    checked(name, () => validate(needed(desc), read(needed(desc), json)))
  }
  for (const [typeName, json] of Object.entries(messages)) checked(typeName, () => read(needed(registry.getMessage(typeName)), json))
}

function read(desc: DescMessage, json: JsonObject): Message {
  return fromJson(desc, toProtoJson(desc, structuredClone(json)))
}

function needed(desc: DescMessage | undefined): DescMessage {
  if (desc === undefined) throw new Error('there is no such thing any more')
  return desc
}

function checked(name: string, check: () => unknown): void {
  try {
    check()
  } catch (error) {
    throw new Error(`the example of ${name} does not hold: ${(error as Error).message}`, { cause: error })
  }
}
