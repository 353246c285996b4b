import type { EncodedError } from './errors.ts'
import type { Operation } from './operations.ts'

/** What a worker thread is started with. */
export interface WorkerSettings {
  readonly file: string
  /** URL of the OperationsModule. */
  readonly module: string
  readonly readOnly: boolean
}

export interface Call {
  readonly operation: string
  readonly args: unknown
}

/** To the worker: calls that arrived together, or the end. */
export type Request = { readonly calls: readonly Call[] } | { readonly close: true }

/** From the worker, once. */
export type Started = { readonly kinds: Readonly<Record<string, Operation['kind']>> } | { readonly failed: EncodedError }

/** From the worker: the results of one request, in its order. */
export interface Reply {
  readonly results: readonly unknown[]
  /** By index. */
  readonly errors: ReadonlyMap<number, EncodedError>
}
