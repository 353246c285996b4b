import type { Logger } from '@chat4all/base'
import { EngineUnavailable } from '@chat4all/ports'
import type { ConsumerInfo, JetStreamManager, StreamInfo } from '@nats-io/jetstream'
import { backOff } from '../backoff.ts'
import { CODE, hasCode, isPassing } from '../errors.ts'
import { findDrift } from './drift.ts'
import type { ConsumerPlan, StreamPlan } from './table.ts'

/** Streams that are made at the same time: each is an election in a cluster. */
const AT_ONCE = 8
/** A cluster that just started has no leader for a few seconds. */
const GIVE_UP_MS = 60_000
const COUNT_FROM = Date.UTC(2020, 0)

/** Makes what is missing, and warns of settings that differ. Changes and deletes nothing that is there. Several processes may do it at once. */
export async function applyTopology(jsm: JetStreamManager, plans: readonly StreamPlan[], logger: Logger): Promise<void> {
  const rest = [...plans]
  const worker = async () => {
    for (let plan = rest.shift(); plan; plan = rest.shift()) await applyPlan(jsm, plan, logger)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

async function applyPlan(jsm: JetStreamManager, { stream, consumers }: StreamPlan, logger: Logger): Promise<void> {
  const { config } = await persistently(() => ensureStream(jsm, stream))
  report(logger, { stream: stream.name }, stream, config)
  for (const consumer of consumers) await ensureConsumer(jsm, stream.name, consumer, logger)
}

/** Makes a durable consumer unless it is there. */
export async function ensureConsumer(jsm: JetStreamManager, stream: string, consumer: ConsumerPlan, logger: Logger): Promise<void> {
  const { config } = await persistently(() => findOrAddConsumer(jsm, stream, consumer))
  report(logger, { stream, consumer: consumer.durable_name }, consumer, config)
}

/** Where a new stream begins to count: a stream that is made again, after it was lost, goes on above all that it ever had. Microseconds since 2020, because none takes a million messages a second; below 10^15 until 2051. */
function aboveAllEarlier(): number {
  return (Date.now() - COUNT_FROM) * 1_000
}

async function ensureStream(jsm: JetStreamManager, wanted: StreamPlan['stream']): Promise<StreamInfo> {
  const found = await findStream(jsm, wanted.name)
  if (found) return found
  try {
    return await jsm.streams.add({ ...wanted, first_seq: aboveAllEarlier() })
  } catch (error) {
    // Another process is making it, or has made it with other settings. In a cluster it may take a moment until it is found.
    if (!hasCode(error, CODE.streamNameInUse)) throw error
    const made = await findStream(jsm, wanted.name)
    if (!made) throw new EngineUnavailable(`${wanted.name} is being made`, error)
    return made
  }
}

async function findStream(jsm: JetStreamManager, name: string): Promise<StreamInfo | undefined> {
  try {
    return await jsm.streams.info(name)
  } catch (error) {
    if (hasCode(error, CODE.streamNotFound)) return undefined
    throw error
  }
}

async function findOrAddConsumer(jsm: JetStreamManager, stream: string, wanted: ConsumerPlan): Promise<ConsumerInfo> {
  try {
    return await jsm.consumers.info(stream, wanted.durable_name!)
  } catch (error) {
    if (!hasCode(error, CODE.consumerNotFound)) throw error
    return await jsm.consumers.add(stream, { ...wanted, ...(await firstSequence(jsm, stream, wanted)) })
  }
}

/** A consumer that begins at a sequence begins behind what the stream holds when it is made. */
async function firstSequence(jsm: JetStreamManager, stream: string, { deliver_policy }: ConsumerPlan): Promise<{ opt_start_seq?: number }> {
  if (deliver_policy !== 'by_start_sequence') return {}
  const { state } = await jsm.streams.info(stream)
  return { opt_start_seq: state.last_seq + 1 }
}

/** Repeats while there is no answer, or no leader. */
async function persistently<T>(attempt: () => Promise<T>): Promise<T> {
  const started = performance.now()
  for (let failures = 0; ; failures += 1) {
    try {
      return await attempt()
    } catch (error) {
      if (!isPassing(error)) throw error
      if (performance.now() - started > GIVE_UP_MS) throw new EngineUnavailable('JetStream does not answer', error)
      await backOff(failures)
    }
  }
}

function report(logger: Logger, where: object, wanted: object, found: object): void {
  for (const drift of findDrift(wanted, found))
    logger.warn({ ...where, ...drift }, 'a setting differs from what is wanted; it is left as it is')
}
