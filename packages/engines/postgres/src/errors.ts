import { AlreadyExists, EngineUnavailable, StorageFull } from '@chat4all/ports'
import { DatabaseError } from 'pg'

/** The unique keys that callers may find taken, by the names that the schema gives them. */
const UNIQUE_KEYS: Readonly<Record<string, AlreadyExists['key']>> = {
  tenants_pkey: 'tenant',
  requests_pkey: 'request_id',
  conversations_by_pair: 'private_pair',
}

const UNIQUE_VIOLATION = '23505'
const DISK_FULL = '53100'

/** Transactions that the server undid because of another one: serialization failure and deadlock. */
const UNDONE = new Set(['40001', '40P01'])

/** SQLSTATEs, by their beginning (https://www.postgresql.org/docs/current/errcodes-appendix.html), that speak of the server and not of the statement:
 *  connection exceptions, a standby that refuses to write, transactions undone or of unknown outcome, transactions that were idle for too long,
 *  lack of resources, waits for locks that took too long, statements cancelled by a timeout or an operator, shutdown and start, input and output, internal faults (XXA00: CockroachDB does not know the outcome). */
const SERVER_TROUBLE = /^(08|25006|25P03|40|53|55P03|57|58|XX)/

/** Whether the same transaction may succeed when it is run again at once. */
export function wasUndone(error: unknown): boolean {
  return error instanceof DatabaseError && UNDONE.has(error.code ?? '')
}

/** What the driver throws that no server sent: the connection is lost, or none could be had. A TypeError is a bug and stays one. */
export function lostConnection(error: unknown): unknown {
  if (error instanceof DatabaseError || error instanceof TypeError || error instanceof EngineUnavailable) return error
  return new EngineUnavailable(error instanceof Error ? error.message : String(error), error)
}

/** The port's error for what the server sent. Everything else stays what it is. */
export function toPortError(error: unknown): unknown {
  if (!(error instanceof DatabaseError)) return error
  const code = error.code ?? ''
  const taken = code === UNIQUE_VIOLATION ? UNIQUE_KEYS[error.constraint ?? ''] : undefined
  if (taken) return new AlreadyExists(taken)
  if (code === DISK_FULL) return new StorageFull(error.message, error)
  if (SERVER_TROUBLE.test(code)) return new EngineUnavailable(`${error.message} (SQLSTATE ${code})`, error)
  return error
}
