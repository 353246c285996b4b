import { ChatError, type StatusCode } from '@chat4all/sdk'
import { CommanderError } from 'commander'
import type { Output } from './output.ts'

/** What the exit code of the command means. Documented in its help. */
export const EXIT = { ok: 0, failed: 1, usage: 2, refused: 3, unavailable: 4, unauthenticated: 5, interrupted: 130 } as const

const EXIT_OF_CODE: Partial<Record<StatusCode, number>> = {
  invalid_argument: EXIT.usage,
  not_found: EXIT.refused,
  permission_denied: EXIT.refused,
  unavailable: EXIT.unavailable,
  deadline_exceeded: EXIT.unavailable,
  resource_exhausted: EXIT.unavailable,
  unauthenticated: EXIT.unauthenticated,
}

/** A failure that is the command's own finding. */
export class Failure extends Error {
  readonly exit: number

  constructor(message: string, exit: number = EXIT.failed) {
    super(message)
    this.exit = exit
  }
}

export const usage = (message: string): Failure => new Failure(message, EXIT.usage)

export function exitCode(error: unknown): number {
  if (error instanceof Failure) return error.exit
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  if (!(error instanceof ChatError)) return EXIT.failed
  if (error.reason === 'CANCELLED') return EXIT.interrupted
  if (error.reason === 'CONNECTION_LOST') return EXIT.unavailable
  return EXIT_OF_CODE[error.code] ?? EXIT.failed
}

/** Writes an error to standard error: a line for people, an object with `--json`. */
export function report(error: unknown, output: Output): void {
  // Commander has said it already.
  if (error instanceof CommanderError || exitCode(error) === EXIT.interrupted) return
  if (output.json) return output.warn(JSON.stringify(describe(error)))
  if (error instanceof Failure && error.message === '') return
  output.warn(`${output.paint('red', 'chat4all:')} ${explain(error)}`)
}

function describe(error: unknown): object {
  if (!(error instanceof ChatError)) return { error: messageOf(error) }
  const { reason, code, message, fields, metadata } = error
  return { error: message, reason, code, ...(fields.length > 0 && { fields }), ...(Object.keys(metadata).length > 0 && { metadata }) }
}

/** The error in words, with what to do about it. */
function explain(error: unknown): string {
  if (!(error instanceof ChatError)) return messageOf(error)
  const advice = ADVICE[error.reason] ?? (error.cause instanceof ChatError ? ADVICE[error.cause.reason] : undefined)
  const values = Object.entries(error.metadata).map(([name, value]) => ` ${name}=${value}`)
  return `${error.message} (${error.reason}${values.join('')})${advice ? `\n  ${advice}` : ''}`
}

const ADVICE: Partial<Record<ChatError['reason'], string>> = {
  CONNECTION_LOST: 'Is the server up there? Start one with `make up`, or name another with --server.',
  CREDENTIALS_INVALID: 'Log in again with `chat4all login`, or name another file with --credentials.',
  TOKEN_INVALID: 'Log in again with `chat4all login`.',
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
