import type { DescMessage } from '@bufbuild/protobuf'
import { ScalarType } from '@bufbuild/protobuf'
import type { RpcMethod } from '../invoke.ts'
import { type Binding, bindingsOf } from './bindings.ts'
import { fieldNamed } from './fields.ts'
import { type Found, RouteTree } from './route-tree.ts'
import { type StreamFormat, streamFormats } from './stream-format.ts'

/** A binding with the RPC that serves it. */
export interface Route extends Binding {
  readonly method: RpcMethod
  /** How its streams look to a caller that accepts this. */
  readonly format: (accept: string | undefined) => StreamFormat
  /** A stream that goes on from a cursor of the request. */
  readonly resumable: boolean
}

/** Every HTTP path that the contracts of the RPCs declare. Throws when two claim the same one. */
export function routesOf(methods: Iterable<RpcMethod>): RouteTree<Route> {
  const tree = new RouteTree<Route>()
  for (const method of methods) for (const binding of bindingsOf(method.desc)) add(tree, method, binding)
  return tree
}

function add(tree: RouteTree<Route>, method: RpcMethod, binding: Binding): void {
  const resumable = method.desc.methodKind === 'server_streaming' && hasCursor(method.desc.input)
  const route = { ...binding, method, format: streamFormats(binding), resumable }
  const before = tree.add(binding.httpMethod, binding.template, route)
  if (before !== undefined) throw new Error(`${method.path} and ${before.method.path} both claim the same ${binding.httpMethod} path`)
}

function hasCursor(message: DescMessage): boolean {
  const field = fieldNamed(message, 'cursor')
  return field?.fieldKind === 'scalar' && field.scalar === ScalarType.STRING && field.oneof === undefined
}

/** HEAD is answered as GET, without the body. */
export function findRoute(tree: RouteTree<Route>, method: string, path: string): Found<Route> | undefined {
  const found = tree.find(method, path)
  return method !== 'HEAD' || found?.kind === 'match' ? found : tree.find('GET', path)
}

/** For the `Allow` header. */
export function allowHeader(allowed: readonly string[]): string {
  return [...(allowed.includes('GET') ? ['HEAD'] : []), ...allowed, 'OPTIONS'].join(', ')
}
