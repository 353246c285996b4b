import type { WorkOutcome } from '@chat4all/ports'
import type { JsMsg } from '@nats-io/jetstream'
import { decodeLetter, type Letter } from './letter-codec.ts'

const PAUSE_AFTER_ERROR_MS = 1_000
const LONGEST_PAUSE_MS = 5 * 60_000
const MAX_REASON = 1_000

export interface AttemptRules {
  readonly maxAttempts: number
  /** The server takes work back when it hears nothing for so long. */
  readonly ackWaitMs: number
  /** Keeps a dead letter. */
  readonly bury: (letter: Letter, source: number) => Promise<void>
}

type Handle = (work: { readonly id: string; readonly payload: Uint8Array; readonly attempt: number }) => Promise<WorkOutcome>

/** Works on one message, and tells the server how it went. Never throws: without an answer the work comes again. */
export async function attempt(message: JsMsg, handle: Handle, rules: AttemptRules): Promise<void> {
  const attempts = message.info.deliveryCount
  const letter = decodeLetter(message.data)
  const outcome = await outcomeOf({ ...letter, attempt: attempts }, handle, message, rules)
  if (outcome.kind === 'done') return message.ack()
  if (outcome.kind === 'retry' && attempts < rules.maxAttempts) return message.nak(outcome.afterMs)
  try {
    await rules.bury({ ...letter, attempts, reason: outcome.reason.slice(0, MAX_REASON) }, message.seq)
    message.ack()
  } catch {
    message.nak(PAUSE_AFTER_ERROR_MS)
  }
}

async function outcomeOf(
  work: Parameters<Handle>[0],
  handle: Handle,
  message: JsMsg,
  { maxAttempts, ackWaitMs }: AttemptRules,
): Promise<WorkOutcome> {
  if (work.attempt > maxAttempts) return { kind: 'dead', reason: `no answer in ${maxAttempts} attempts` }
  const working = setInterval(() => message.working(), ackWaitMs / 3)
  try {
    return await handle(work)
  } catch (error) {
    const afterMs = Math.min(LONGEST_PAUSE_MS, PAUSE_AFTER_ERROR_MS * 2 ** Math.min(work.attempt - 1, 16))
    return { kind: 'retry', afterMs: afterMs * (0.5 + Math.random() / 2), reason: String(error) }
  } finally {
    clearInterval(working)
  }
}
