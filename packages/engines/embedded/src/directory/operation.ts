import type { Operation } from '../sqlite/operations.ts'

/** A method of the port that reads, run inside the worker. Its `args` are the method's arguments. */
export function read<A extends readonly unknown[]>(run: (...args: A) => unknown): Operation {
  return { kind: 'read', run: (args: A) => run(...args) }
}

/** A method of the port that writes. */
export function write<A extends readonly unknown[]>(run: (...args: A) => unknown): Operation {
  return { kind: 'write', run: (args: A) => run(...args) }
}

/** The same metadata always becomes the same text, so that equal rows can be told by comparing columns. */
export function metadataText(metadata: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.fromEntries(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1))))
}

/** `{ [name]: value }`, or nothing for NULL: absent fields stay absent. */
export function optional<K extends string, V>(name: K, value: V | null): { readonly [P in K]?: V } {
  return (value === null ? {} : { [name]: value }) as { readonly [P in K]?: V }
}
