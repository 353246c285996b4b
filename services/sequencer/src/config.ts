import { z } from '@chat4all/base'

/** The sequencer's environment. */
export const sequencerEnv = {
  /** Days that changes stay in the change log. A client that was away longer takes a snapshot. */
  CHAT4ALL_CHANGE_RETENTION_DAYS: z.coerce.number().int().min(1).max(3_650).default(90),
  /** Conversations whose state is kept in memory, per partition. */
  CHAT4ALL_SEQUENCER_CACHE: z.coerce.number().int().min(100).max(10_000_000).default(100_000),
  /** Milliseconds that applied records may wait for the checkpoint: a restart after a crash looks at no more than that again. */
  CHAT4ALL_CHECKPOINT_INTERVAL_MS: z.coerce.number().int().min(1).max(60_000).default(1_000),
}

type SequencerEnv = { readonly [K in keyof typeof sequencerEnv]: number }

export interface SequencerConfig {
  readonly changeRetentionDays: number
  readonly cachedConversations: number
  readonly checkpointIntervalMs: number
}

export function sequencerConfig(env: SequencerEnv): SequencerConfig {
  return {
    changeRetentionDays: env.CHAT4ALL_CHANGE_RETENTION_DAYS,
    cachedConversations: env.CHAT4ALL_SEQUENCER_CACHE,
    checkpointIntervalMs: env.CHAT4ALL_CHECKPOINT_INTERVAL_MS,
  }
}
