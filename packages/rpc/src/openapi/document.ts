import type { DescMethod, DescService, FileRegistry, JsonObject } from '@bufbuild/protobuf'
import { bindingsOf } from '../rest/bindings.ts'
import { type Comments, commentsOf } from './comments.ts'
import { ErrorResponses } from './error-responses.ts'
import { ERROR_SCHEMAS } from './error-schemas.ts'
import { checkExamples, type Examples } from './examples.ts'
import { operationOf, type Parts } from './operation.ts'
import { pathOf } from './path.ts'
import { HEADERS, PARAMETERS, SECURITY_SCHEMES } from './reusable.ts'
import { Schemas } from './schemas.ts'

export interface DocumentOptions {
  /** With files that were compiled with their source info. */
  readonly registry: FileRegistry
  /** Names of the services, in the order in which they are read. */
  readonly services: readonly string[]
  readonly info: JsonObject
  readonly examples: Examples
  /** What is served beside the services. */
  readonly otherPaths: JsonObject
  readonly otherTags: readonly JsonObject[]
}

/** What HTTP callers can call, as OpenAPI 3.1. */
export function openApiDocument({ registry, services: names, info, examples, otherPaths, otherTags }: DocumentOptions): JsonObject {
  const services = names.map((name) => found(registry.getService(name), name))
  const comments = commentsOf(registry.files)
  const schemas = new Schemas(comments, examples.messages)
  const errors = new ErrorResponses(comments, enumNamed(registry, 'chat4all.v1.ErrorReason'))
  const parts = { schemas, errors, access: enumNamed(registry, 'chat4all.v1.Access'), examples: examples.requests }
  const methods = services.flatMap((service) => service.methods).filter((method) => bindingsOf(method).length > 0)
  checkExamples(examples, methods, registry)
  const paths = pathsOf(parts, methods)
  return {
    openapi: '3.1.0',
    info,
    servers: [{ url: '/' }],
    security: [{ bearer: [] }],
    tags: [...services.map((service) => tagOf(service, comments)), ...otherTags],
    paths: { ...paths, ...otherPaths },
    components: {
      schemas: { ...schemas.all(), ...ERROR_SCHEMAS },
      responses: errors.shared(),
      parameters: PARAMETERS,
      headers: HEADERS,
      securitySchemes: SECURITY_SCHEMES,
    },
  }
}

function pathsOf(parts: Parts, methods: readonly DescMethod[]): JsonObject {
  const paths: Record<string, JsonObject> = {}
  for (const method of methods) {
    for (const [index, binding] of bindingsOf(method).entries()) {
      const path = pathOf(binding)
      paths[path] = { ...paths[path], [binding.httpMethod.toLowerCase()]: operationOf(parts, binding, index) }
    }
  }
  return paths
}

function tagOf(service: DescService, comments: Comments): JsonObject {
  return { name: service.name, description: comments(service) }
}

function enumNamed(registry: FileRegistry, name: string) {
  return found(registry.getEnum(name), name)
}

function found<T>(desc: T | undefined, name: string): T {
  if (desc === undefined) throw new Error(`the contracts have no ${name}`)
  return desc
}
