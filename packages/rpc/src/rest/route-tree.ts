import { comparable, decodeSegment, decodeSegments } from './percent.ts'
import type { Template, Variable } from './template.ts'

/** For bindings of any HTTP method. */
export const ANY_METHOD = '*'

/** Bindings by HTTP method, by verb ('' for none). */
type Leaf<T> = Map<string, Map<string, T>>

interface Node<T> {
  readonly literals: Map<string, Node<T>>
  any: Node<T> | undefined
  /** Of templates that end here. */
  readonly leaf: Leaf<T>
  /** Of templates that take the rest, which may be nothing. */
  readonly rest: Leaf<T>
}

/** What a path leads to. */
export type Found<T> =
  | { readonly kind: 'match'; readonly value: T; readonly segments: readonly string[] }
  /** The path is there, but not for this HTTP method. */
  | { readonly kind: 'wrong-method'; readonly allowed: readonly string[] }

interface Search {
  readonly segments: readonly string[]
  readonly verb: string
  readonly method: string
  readonly allowed: Set<string>
}

/** Path templates as a tree of segments. A literal goes before `*`, and `*` before `**`; of two readings of a colon, the verb goes first. */
export class RouteTree<T> {
  readonly #root: Node<T> = newNode()

  /** Returns what held this place before, which then stays. */
  add(method: string, template: Template, value: T): T | undefined {
    let node = this.#root
    let leaf: Leaf<T> | undefined
    for (const segment of template.segments) {
      if (segment.kind === 'rest') leaf = node.rest
      else node = segment.kind === 'any' ? anyOf(node) : literalOf(node, segment.text)
    }
    const methods = getOrMake(leaf ?? node.leaf, template.verb ?? '', () => new Map<string, T>())
    const before = methods.get(method)
    if (before === undefined) methods.set(method, value)
    return before
  }

  /** @param path As it stands in the request, without the query. */
  find(method: string, path: string): Found<T> | undefined {
    if (!path.startsWith('/')) return undefined
    const segments = path.slice(1).split('/')
    const allowed = new Set<string>()
    const last = segments.at(-1)!
    const colon = last.lastIndexOf(':')
    if (colon >= 0) {
      const stem = [...segments.slice(0, -1), last.slice(0, colon)]
      const value = search(this.#root, 0, { segments: stem, verb: comparable(last.slice(colon + 1)), method, allowed })
      if (value !== undefined) return { kind: 'match', value, segments: stem }
    }
    const value = search(this.#root, 0, { segments, verb: '', method, allowed })
    if (value !== undefined) return { kind: 'match', value, segments }
    return allowed.size === 0 ? undefined : { kind: 'wrong-method', allowed: [...allowed].sort() }
  }
}

/** What a path holds for a variable. Throws for a malformed escape. */
export function variableValue({ start, end, multiple }: Variable, segments: readonly string[]): string {
  return multiple ? decodeSegments(segments.slice(start, end).join('/')) : decodeSegment(segments[start]!)
}

/** Visits each node at most once: its depth is the index of the segment. */
function search<T>(node: Node<T>, index: number, by: Search): T | undefined {
  if (index === by.segments.length) return take(node.leaf, by) ?? take(node.rest, by)
  const segment = by.segments[index]!
  const literal = node.literals.get(comparable(segment))
  const found = literal && search(literal, index + 1, by)
  if (found !== undefined) return found
  const any = segment === '' ? undefined : node.any
  return (any && search(any, index + 1, by)) ?? take(node.rest, by)
}

function take<T>(leaf: Leaf<T>, { verb, method, allowed }: Search): T | undefined {
  const methods = leaf.get(verb)
  if (methods === undefined) return undefined
  const value = methods.get(method) ?? methods.get(ANY_METHOD)
  if (value === undefined) for (const other of methods.keys()) allowed.add(other)
  return value
}

function newNode<T>(): Node<T> {
  return { literals: new Map(), any: undefined, leaf: new Map(), rest: new Map() }
}

function anyOf<T>(node: Node<T>): Node<T> {
  node.any ??= newNode()
  return node.any
}

function literalOf<T>(node: Node<T>, text: string): Node<T> {
  return getOrMake(node.literals, text, newNode<T>)
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const value = map.get(key) ?? make()
  map.set(key, value)
  return value
}
