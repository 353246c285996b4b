import { DatabaseSync } from 'node:sqlite'
import { EngineUnavailable } from '@chat4all/ports'

/** Takes a database file for this process until disposed. The lock is the operating system's (SQLite takes it on `<file>.lock`), so it goes with the process, kill -9 included. */
export function lockFile(file: string): Disposable {
  const lock = new DatabaseSync(`${file}.lock`, { timeout: 0 })
  try {
    lock.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    lock.close()
    throw new EngineUnavailable(`${file} is in use by another process, or opened twice`, error)
  }
  return { [Symbol.dispose]: () => lock.close() }
}
