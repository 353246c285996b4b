/**
 * REST: HTTP calls with JSON, made from the `google.api.http` options of the RPCs. The contract is the comment of HttpRule in
 * google/api/http.proto.
 *
 * 1. `template`, `route-tree`, `bindings`, `router`: at start, the options become a tree of paths. Options that make no sense, and two
 *    RPCs that claim one path, stop the start.
 * 2. `body`, `query`, `request-message`: the path, the query and the body become the request of the RPC. `json-fault` finds what is
 *    wrong with one that does not decode.
 * 3. `serve` hands it to the pipeline that all fronts share, and answers with JSON (`response-json`), or with a stream of it
 *    (`response-stream`, `stream-format`), or with an error as google.rpc.Status (`errors`).
 *
 * JSON is as Protobuf has it, but for names: fields are in snake_case, and enum values are short and in lower case (`json-names`).
 * Requests may use Protobuf's own names too. Integers of 64 bits are texts. Fields without a value are there, with their default.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { ChatError } from '@chat4all/base'
import type { RpcMethod } from '../invoke.ts'
import { requestIdFrom } from '../request-id.ts'
import { HttpRefusal } from './http-refusal.ts'
import { sendError } from './respond.ts'
import { allowHeader, findRoute, routesOf } from './router.ts'
import { type RestOptions, serveRoute } from './serve.ts'

/** Answers a request. Resolves to false if no RPC claims its path. */
export type RestFront = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>

/** Serves every RPC that declares a path. Throws when what they declare can't be served. */
export function restFront(methods: Iterable<RpcMethod>, options: RestOptions): RestFront {
  const routes = routesOf(methods)
  return async (request, response) => {
    const url = request.url ?? ''
    const mark = url.indexOf('?')
    const path = mark < 0 ? url : url.slice(0, mark)
    const found = findRoute(routes, request.method ?? 'GET', path)
    if (found === undefined) return false
    if (found.kind === 'match') {
      const query = mark < 0 ? '' : url.slice(mark + 1)
      await serveRoute(found.value, { segments: found.segments, query }, request, response, options)
      return true
    }
    const allow = allowHeader(found.allowed)
    if (request.method === 'OPTIONS') response.writeHead(204, { allow }).end()
    else sendError(request, response, wrongMethod(request.method, allow), requestIdFrom(undefined))
    return true
  }
}

/** The answer for a path that nothing claims. */
export function sendNoSuchPath(request: IncomingMessage, response: ServerResponse): void {
  sendError(request, response, new ChatError('METHOD_NOT_FOUND', 'There is no such path.'), requestIdFrom(undefined))
}

function wrongMethod(method: string | undefined, allow: string): ChatError {
  return new HttpRefusal(405, 'METHOD_NOT_FOUND', `${method} is not possible here. Possible: ${allow}.`, { allow })
}
