import { PartitionSequencer, type SequencerDeps } from './partition-sequencer.ts'

export type { SequencerDeps } from './partition-sequencer.ts'

/** The sequencer service: owns every partition that no other sequencer owns. */
export interface SequencerService extends AsyncDisposable {
  start(): void
}

export function createSequencerService(deps: SequencerDeps): SequencerService {
  const stop = new AbortController()
  const owned: { readonly sequencer: PartitionSequencer; readonly done: Promise<void> }[] = []
  return {
    start() {
      for (let partition = 0; partition < deps.log.partitions; partition++) {
        const sequencer = new PartitionSequencer(partition, deps)
        owned.push({ sequencer, done: deps.log.own(partition, sequencer, stop.signal) })
      }
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await Promise.all(owned.map(({ done }) => done))
      await Promise.all(owned.map(({ sequencer }) => sequencer.checkpoint()))
    },
  }
}
