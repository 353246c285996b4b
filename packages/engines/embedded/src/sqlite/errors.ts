import { AlreadyExists, Conflict, DuplicateMessageId, EngineUnavailable, StorageFull } from '@chat4all/ports'

/** An error on its way between threads: structured clone would lose its class. */
export interface EncodedError {
  readonly name: string
  readonly message: string
  readonly key?: AlreadyExists['key']
  readonly stack?: string
}

/** Primary result codes (https://www.sqlite.org/rescode.html) that say something about the machine, not about the statement: BUSY, LOCKED, NOMEM, READONLY, INTERRUPT, IOERR, CORRUPT, CANTOPEN, PROTOCOL, NOTADB. */
const UNAVAILABLE = new Set([5, 6, 7, 8, 9, 10, 11, 14, 15, 26])
const FULL = 13

/** The name of the port error that stands for an error of SQLite or of an operation. */
function portName(error: Error): string {
  const errcode = (error as { errcode?: unknown }).errcode
  if (typeof errcode !== 'number') return error.name
  const primary = errcode & 0xff
  if (primary === FULL) return 'StorageFull'
  return UNAVAILABLE.has(primary) ? 'EngineUnavailable' : error.name
}

export function encodeError(thrown: unknown): EncodedError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  return {
    name: portName(error),
    message: error.message,
    ...(error instanceof AlreadyExists ? { key: error.key } : {}),
    ...(error.stack ? { stack: error.stack } : {}),
  }
}

export function decodeError({ name, message, key, stack }: EncodedError): Error {
  if (name === 'StorageFull') return new StorageFull(message)
  if (name === 'EngineUnavailable') return new EngineUnavailable(message)
  if (name === 'Conflict') return new Conflict(message)
  if (name === 'DuplicateMessageId') return new DuplicateMessageId()
  if (name === 'AlreadyExists' && key) return new AlreadyExists(key)
  const cause = new Error(message)
  if (stack) cause.stack = stack
  return new Error(message, { cause })
}
