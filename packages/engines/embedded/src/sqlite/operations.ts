import type { DatabaseSync } from 'node:sqlite'
import type { Migration } from './migrations.ts'

/** One thing that a worker does with its database, synchronously, with prepared statements. */
export interface Operation {
  /** 'write' runs in a transaction that other writes share, and is on disk when it is answered. 'replay' is a write that can be made
   *  again from elsewhere after a power cut: it survives kill -9, and reaches the disk with the next 'write' at the latest. 'read' sees
   *  one consistent state. */
  readonly kind: 'read' | 'write' | 'replay'
  /** Throws to undo what it wrote. May run twice for one call (when another call of its transaction failed): what it keeps outside the database, it forgets when `undone` is called. */
  run(args: never): unknown
  /** Called when something that `run` wrote was rolled back. */
  undone?(): void
}

export type Operations = Record<string, Operation>

/** What a worker module exports. */
export interface OperationsModule {
  readonly migrations: readonly Migration[]
  /** Prepares statements; writes nothing, because readers call it on a read-only connection too. */
  createOperations(db: DatabaseSync): Operations
}

/** What an operation returns whose buffers shall move to the caller instead of being copied. */
export class Transferred {
  readonly value: unknown
  readonly transfer: readonly ArrayBuffer[]
  constructor(value: unknown, transfer: readonly ArrayBuffer[]) {
    this.value = value
    this.transfer = transfer
  }
}
