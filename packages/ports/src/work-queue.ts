/** Work to do, once. */
export interface NewWork {
  /** Makes repeating safe: a second piece with the same id is not added. Unique in its queue. 1 to 200 bytes. */
  readonly id: string
  /** At most 256 KiB. */
  readonly payload: Uint8Array
}

/** Work as it is handed out. */
export interface Work extends NewWork {
  /** How often it was handed out, this time included. From 1. */
  readonly attempt: number
}

/** How one attempt ended. */
export type WorkOutcome =
  /** It never comes again. */
  | { readonly kind: 'done' }
  /** It comes again after at least so long, unless this was the last attempt. */
  | { readonly kind: 'retry'; readonly afterMs: number; readonly reason: string }
  /** It never comes again, but stays among the dead letters. */
  | { readonly kind: 'dead'; readonly reason: string }

/** Work that nobody could do. */
export interface DeadLetter extends NewWork {
  /** Names it in `revive` and `discard`. Rises with every dead letter of a queue. */
  readonly position: bigint
  /** What the last attempt said. At most 1,000 characters are kept. */
  readonly reason: string
  readonly attempts: number
}

export interface WorkerOptions {
  /** How many pieces are worked on at the same time in this process. */
  readonly concurrency: number
  /** Work that is to be retried after so many attempts becomes a dead letter. */
  readonly maxAttempts: number
}

/** Queues of work that outlives its makers: deliveries to channels, webhooks, push.
 *
 *  At least once: work comes again when a worker died, or its answer was lost. Each piece is handed to one worker at a
 *  time; a handler may take as long as it likes, while its process lives. No order is promised.
 *  A queue's name is made of a-z 0-9 _ -, at most 40. Queues need not be made; work without workers waits, for at most 72 hours. */
export interface WorkQueue extends AsyncDisposable {
  /** Adds work durably. Repeating an id within at least a minute adds nothing. Throws `EngineUnavailable` when the outcome is unknown (repeating with the same id is safe) and `StorageFull` when nothing was stored. */
  enqueue(queue: string, work: NewWork): Promise<void>

  /** Hands out work until the signal aborts, then waits for the handlers under way. Any number of processes share a queue. A handler that throws has the effect of `retry` after a pause that grows with the attempts. */
  work(queue: string, handle: (work: Work) => Promise<WorkOutcome>, options: WorkerOptions, signal: AbortSignal): Promise<void>

  /** The first dead letters after a position, in the order of their deaths. They stay for at least 7 days. */
  deadLetters(queue: string, after: bigint, limit: number): Promise<readonly DeadLetter[]>

  /** Makes a dead letter work again, with its attempts counted anew. Nothing happens if there is none at the position. */
  revive(queue: string, position: bigint): Promise<void>

  /** Forgets a dead letter. Nothing happens if there is none at the position. */
  discard(queue: string, position: bigint): Promise<void>
}
