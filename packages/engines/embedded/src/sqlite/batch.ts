import type { DatabaseSync } from 'node:sqlite'
import { type EncodedError, encodeError } from './errors.ts'
import type { Operations } from './operations.ts'
import type { Call } from './protocol.ts'

/** The results of a batch, by index. */
export interface BatchResult {
  readonly results: unknown[]
  readonly errors: Map<number, EncodedError>
}

/** Runs calls one after the other in one transaction: one commit, one fsync, however many there are. */
export function createBatchRunner(db: DatabaseSync, operations: Operations): (calls: readonly Call[]) => BatchResult {
  // Can't be changed inside a transaction. FULL waits for the disk at each commit, and then all commits before it are there too.
  let synchronous: 'FULL' | 'NORMAL' | undefined
  const commitTo = (level: 'FULL' | 'NORMAL'): void => {
    if (synchronous !== level) db.exec(`PRAGMA synchronous = ${level}`)
    synchronous = level
  }
  const begin = db.prepare('BEGIN')
  const beginImmediate = db.prepare('BEGIN IMMEDIATE')
  const commit = db.prepare('COMMIT')
  const savepoint = db.prepare('SAVEPOINT one')
  const release = db.prepare('RELEASE one')
  const undo = db.prepare('ROLLBACK TO one')

  const run = ([operation, args]: Call): unknown => {
    const found = operations[operation]
    if (!found) throw new Error(`no such operation: ${operation}`)
    return found.run(args as never)
  }

  const undone = ([operation]: Call): void => operations[operation]?.undone?.()

  const rollback = (calls: readonly Call[]): void => {
    // SQLite has rolled back by itself after some errors, such as a full disk.
    if (db.isTransaction) db.exec('ROLLBACK')
    calls.forEach(undone)
  }

  /** Reads cannot disturb each other. */
  const runReads = (calls: readonly Call[]): BatchResult => {
    const errors = new Map<number, EncodedError>()
    begin.run()
    try {
      return { results: calls.map((call, index) => attempt(() => run(call), index, errors)), errors }
    } finally {
      commit.run()
    }
  }

  /** The usual case: nothing fails. */
  const runTogether = (calls: readonly Call[]): BatchResult => {
    beginImmediate.run()
    const results = calls.map(run)
    commit.run()
    return { results, errors: new Map() }
  }

  const runUndoable = (call: Call): unknown => {
    savepoint.run()
    try {
      return run(call)
    } catch (error) {
      if (db.isTransaction) undo.run()
      undone(call)
      throw error
    } finally {
      if (db.isTransaction) release.run()
    }
  }

  /** After a failure: finds who failed, and undoes only that. */
  const runIsolated = (calls: readonly Call[]): BatchResult => {
    const errors = new Map<number, EncodedError>()
    beginImmediate.run()
    const results = calls.map((call, index) => {
      const result = attempt(() => runUndoable(call), index, errors)
      if (!db.isTransaction) throw new LostTransaction(errors.get(index)!)
      return result
    })
    commit.run()
    return { results, errors }
  }

  const runWrites = (calls: readonly Call[]): BatchResult => {
    commitTo(calls.some(isWrite) ? 'FULL' : 'NORMAL')
    try {
      return runTogether(calls)
    } catch (error) {
      rollback(calls)
      if (calls.length === 1) return allFailed(calls, encodeError(error))
    }
    try {
      return runIsolated(calls)
    } catch (error) {
      rollback(calls)
      return allFailed(calls, error instanceof LostTransaction ? error.reason : encodeError(error))
    }
  }

  const isWrite = ([operation]: Call): boolean => operations[operation]?.kind === 'write'
  const isRead = ([operation]: Call): boolean => operations[operation]?.kind === 'read'
  return (calls) => (calls.every(isRead) ? runReads(calls) : runWrites(calls))
}

/** SQLite gave up the whole transaction, with the work of the calls before. */
class LostTransaction extends Error {
  readonly reason: EncodedError
  constructor(reason: EncodedError) {
    super(reason.message)
    this.reason = reason
  }
}

function attempt(run: () => unknown, index: number, errors: Map<number, EncodedError>): unknown {
  try {
    return run()
  } catch (error) {
    errors.set(index, encodeError(error))
    return undefined
  }
}

function allFailed(calls: readonly Call[], error: EncodedError): BatchResult {
  return { results: calls.map(() => undefined), errors: new Map(calls.map((_, index) => [index, error])) }
}
