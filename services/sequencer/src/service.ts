import { PartitionSequencer, type SequencerDeps } from './partition-sequencer.ts'

export type { SequencerDeps } from './partition-sequencer.ts'

/** The sequencer service: owns every partition that no other sequencer owns. */
export interface SequencerService extends AsyncDisposable {
  /** Throws when the log is older than the store: records that are accepted now would be taken for old ones. */
  start(): Promise<void>
}

/** How often old changes are looked for, beside every start. */
const EXPIRY_MS = 3_600_000
const DAY_MICROS = 86_400_000_000n

export function createSequencerService(deps: SequencerDeps): SequencerService {
  const stop = new AbortController()
  const expiry = setInterval(() => expireChanges(deps), EXPIRY_MS)
  const owned: { readonly sequencer: PartitionSequencer; readonly done: Promise<void> }[] = []
  return {
    async start() {
      await requireWholeLog(deps)
      expireChanges(deps)
      for (let partition = 0; partition < deps.log.partitions; partition++) {
        const sequencer = new PartitionSequencer(partition, deps)
        owned.push({ sequencer, done: deps.log.own(partition, sequencer, stop.signal) })
      }
    },
    async [Symbol.asyncDispose]() {
      clearInterval(expiry)
      stop.abort()
      await Promise.all(owned.map(({ done }) => done))
      await Promise.all(owned.map(({ sequencer }) => sequencer.checkpoint()))
    },
  }
}

async function requireWholeLog({ log, store }: SequencerDeps): Promise<void> {
  for (const [partition, position] of await store.settled()) {
    const whole = partition < log.partitions && (await log.isPast(partition, position))
    if (!whole)
      throw new Error(
        `the message store already has position ${position} of partition ${partition}, and the log ends before: restore the log that belongs to the store`,
      )
  }
}

function expireChanges({ store, logger, config }: SequencerDeps): void {
  const before = BigInt(Date.now()) * 1000n - BigInt(config.changeRetentionDays) * DAY_MICROS
  store.expireChanges(before).catch((error: unknown) => logger.warn({ err: error }, 'could not expire old changes; will try again'))
}
