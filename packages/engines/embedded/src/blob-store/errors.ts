import { EngineUnavailable, StorageFull } from '@chat4all/ports'

const FULL = new Set(['ENOSPC', 'EDQUOT'])

/** The port's error for one of the file system. Everything else stays what it is. */
export function toPortError(error: unknown): unknown {
  if (!isSystemError(error)) return error
  return FULL.has(error.code) ? new StorageFull(error.message, error) : new EngineUnavailable(error.message, error)
}

/** There is no such file: neither it nor, maybe, its folders; or a folder stands where it would be. */
export function isMissing(error: unknown): boolean {
  return isSystemError(error) && ['ENOENT', 'ENOTDIR', 'EISDIR'].includes(error.code)
}

export function isTaken(error: unknown): boolean {
  return isSystemError(error) && error.code === 'EEXIST'
}

/** Undefined when there is no such file. */
export async function unlessMissing<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException & { readonly code: string } {
  return error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string'
}
