import type { EncodedError } from './errors.ts'
import type { Operation } from './operations.ts'

/** What a worker thread is started with. */
export interface WorkerSettings {
  readonly file: string
  /** URL of the OperationsModule. */
  readonly module: string
  readonly readOnly: boolean
}

/** The name of an operation, and its arguments. Here and below: what is cloned for each message has as few objects and names as can be. */
export type Call = readonly [operation: string, args: unknown]

/** To the worker: calls that arrived together, or the end. */
export type Request = readonly Call[] | 'close'

/** From the worker, once. */
export type Started = { readonly kinds: Readonly<Record<string, Operation['kind']>> } | { readonly failed: EncodedError }

/** From the worker: the results of one request, in its order. */
export type Reply = readonly unknown[] | RepliedErrors

export interface RepliedErrors {
  readonly results: readonly unknown[]
  /** By index. At least one. */
  readonly errors: ReadonlyMap<number, EncodedError>
}
