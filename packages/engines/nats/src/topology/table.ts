import type { ConsumerConfig, StreamConfig } from '@nats-io/jetstream'
import { nanos } from '@nats-io/nats-core'

export type ConsumerPlan = Partial<ConsumerConfig> & Pick<ConsumerConfig, 'durable_name'>

/** A stream and its durable consumers, as they should be. What is not named here is left to the server's default. */
export interface StreamPlan {
  readonly stream: Partial<StreamConfig> & Pick<StreamConfig, 'name'>
  readonly consumers: readonly ConsumerPlan[]
}

export type Replicas = 1 | 3

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
/** The largest record or event, and room for its headers. */
const MAX_MESSAGE_BYTES = (256 + 16) * 1024

/** One owner at a time gets everything, in order: see `pinned/feed.ts`. */
export const PINNED = {
  group: 'seq',
  /** An owner that stopped asking is replaced after this time. */
  timeoutMs: 3 * SECOND,
  /** What an owner that died had not acknowledged is delivered again after this time. */
  ackWaitMs: 5 * SECOND,
} as const

const pinned = {
  ack_policy: 'explicit',
  ack_wait: nanos(PINNED.ackWaitMs),
  max_ack_pending: 5_000,
  max_deliver: -1,
  priority_policy: 'pinned_client',
  priority_groups: [PINNED.group],
  priority_timeout: nanos(PINNED.timeoutMs),
} satisfies Partial<ConsumerConfig>

export const conversationStream = (partition: number) => `CONV_${partition}`
export const eventStream = (partition: number) => `EVT_${partition}`
export const workStream = (queue: string) => `WORK_${queue}`
export const deadStream = (queue: string) => `DEAD_${queue}`
export const SEQUENCER = 'seq'
export const WORKER = 'worker'
export const PRESENCE_BUCKET = 'presence'

/** Everything accepted. No `max_bytes`: with `discard: old` it would delete what no sequencer has read; a full server refuses instead. Nothing can be deleted, so stream sequences have no holes but at the old end. */
const conversations = (partition: number, replicas: Replicas): StreamPlan => ({
  stream: {
    name: conversationStream(partition),
    subjects: [`conv.${partition}.*`],
    storage: 'file',
    num_replicas: replicas,
    retention: 'limits',
    discard: 'old',
    max_age: nanos(24 * HOUR),
    duplicate_window: nanos(60 * SECOND),
    max_msg_size: MAX_MESSAGE_BYTES,
    deny_delete: true,
    deny_purge: true,
    allow_direct: true,
    allow_atomic: true,
  },
  consumers: [{ durable_name: SEQUENCER, deliver_policy: 'all', ...pinned }],
})

/** Sequenced events. `interest`: an event stays until every consumer that was registered before it has acknowledged it. */
const events = (partition: number, replicas: Replicas): StreamPlan => ({
  stream: {
    name: eventStream(partition),
    subjects: [`evt.${partition}`],
    storage: 'file',
    num_replicas: replicas,
    retention: 'interest',
    discard: 'old',
    max_age: nanos(7 * 24 * HOUR),
    duplicate_window: nanos(2 * MINUTE),
    max_msg_size: MAX_MESSAGE_BYTES,
    allow_atomic: true,
  },
  consumers: [],
})

/** A consumer of events. It begins behind what the stream held when it was registered; with `new` instead of a sequence the server would refuse to reset it to one. */
export const eventConsumer = (name: string): ConsumerPlan => ({
  durable_name: name,
  deliver_policy: 'by_start_sequence',
  ...pinned,
})

/** Who is online. In memory: it is gone, and soon back, after a restart of all servers. Watchers see keys expire by the markers. */
const presence = (ttlMs: number, replicas: Replicas): StreamPlan => ({
  stream: {
    name: `KV_${PRESENCE_BUCKET}`,
    subjects: [`$KV.${PRESENCE_BUCKET}.>`],
    storage: 'memory',
    num_replicas: replicas,
    retention: 'limits',
    discard: 'new',
    max_msgs_per_subject: 1,
    max_age: nanos(ttlMs),
    duplicate_window: nanos(Math.min(ttlMs, 2 * MINUTE)),
    deny_delete: true,
    allow_direct: true,
    allow_rollup_hdrs: true,
    allow_msg_ttl: true,
    subject_delete_marker_ttl: nanos(Math.max(ttlMs, SECOND)),
  },
  consumers: [],
})

/** Work of one queue, and what failed for good. Made when the queue is first used. `max_deliver` is not limited here: the server would leave work that used it up in the stream, unseen; the engine counts and moves it to the dead letters. */
export const workPlans = (queue: string, replicas: Replicas, ackWaitMs = 60 * SECOND): readonly StreamPlan[] => [
  {
    stream: {
      name: workStream(queue),
      subjects: [`work.${queue}`],
      storage: 'file',
      num_replicas: replicas,
      retention: 'workqueue',
      discard: 'new',
      max_age: nanos(72 * HOUR),
      duplicate_window: nanos(10 * MINUTE),
      allow_atomic: true,
      max_msg_size: MAX_MESSAGE_BYTES,
    },
    consumers: [
      {
        durable_name: WORKER,
        ack_policy: 'explicit',
        ack_wait: nanos(ackWaitMs),
        deliver_policy: 'all',
        max_deliver: -1,
        max_ack_pending: 10_000,
      },
    ],
  },
  {
    stream: {
      name: deadStream(queue),
      subjects: [`dead.${queue}`],
      storage: 'file',
      num_replicas: replicas,
      retention: 'limits',
      discard: 'new',
      max_age: nanos(30 * 24 * HOUR),
      duplicate_window: nanos(10 * MINUTE),
      allow_atomic: true,
      max_msg_size: MAX_MESSAGE_BYTES + 8 * 1024,
    },
    consumers: [],
  },
]

export const conversationPlans = (partitions: number, replicas: Replicas) =>
  Array.from({ length: partitions }, (_, partition) => conversations(partition, replicas))

export const eventPlans = (partitions: number, replicas: Replicas) =>
  Array.from({ length: partitions }, (_, partition) => events(partition, replicas))

export const presencePlans = (ttlMs: number, replicas: Replicas) => [presence(ttlMs, replicas)]
