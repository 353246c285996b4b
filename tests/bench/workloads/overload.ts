import { setTimeout as sleep } from 'node:timers/promises'
import { startBench, usageDetails, type Workload } from '../bench.ts'
import { Traffic } from '../traffic.ts'
import { BYTES, WARM_UP_MS } from './pairs.ts'

const PAIRS = 500
const WINDOW = 16
/** Pauses after refusals in a row, as the SDK makes them: doubling with jitter, and never shorter than the server asks. */
const PAUSE_MS = { first: 100, longest: 10_000, asked: 1_000 }

/** 500 users write to 500 others with 16 messages under way each: many times what the server lets wait. It must say no early, and serve well what it accepts. Who is refused backs off and tries again. */
export const overload: Workload = async (options) => {
  await using bench = await startBench(options)
  const users = Array.from({ length: PAIRS }, (_, i) => [`sender-${i}`, `receiver-${i}`]).flat()
  const clients = await bench.connect(users)
  const traffic = new Traffic(1, BYTES)
  let stopped = false
  const start: (() => void)[] = []
  for (let i = 0; i < PAIRS; i++) {
    const conversationId = await bench.api.createPrivate(users[2 * i]!, users[2 * i + 1]!)
    const send = (refusals: number) => {
      if (!stopped) traffic.send(clients[2 * i]!, conversationId, () => setTimeout(send, pauseAfter(refusals + 1), refusals + 1))
    }
    clients[2 * i + 1]!.onText = (text) => {
      if (traffic.receive(text, 0, i) !== undefined) send(0)
    }
    for (let w = 0; w < WINDOW; w++) start.push(() => send(0))
  }
  // Not all in one instant: the limit, not the first blow, is measured.
  for (const send of start) setTimeout(send, Math.random() * 1000)
  await sleep(WARM_UP_MS)
  traffic.measuring = true
  const before = { sent: traffic.sent, refused: traffic.refused }
  const finish = bench.measure()
  await sleep(options.seconds * 1000)
  const usage = finish()
  traffic.measuring = false
  stopped = true
  const sent = traffic.sent - before.sent
  const refused = traffic.refused - before.refused
  const losses = await traffic.drain()
  const [accepted50, accepted99] = traffic.acknowledged.percentiles(0.5, 0.99)
  const [delivered99] = traffic.delivered.percentiles(0.99)
  const [refused99] = traffic.refusedAfter.percentiles(0.99)
  const workload = `overload, ${PAIRS * WINDOW} in flight`
  return {
    figures: [
      { workload, name: 'offered', value: sent / usage.wallSeconds, unit: '/s' },
      { workload, name: 'refused', value: (refused / sent) * 100, unit: '%' },
      { workload, name: 'accepted: send to acknowledged, p50', value: accepted50!, unit: 'ms' },
      { workload, name: 'accepted: send to acknowledged, p99', value: accepted99!, unit: 'ms', bar: { is: '<=', value: 100 } },
      { workload, name: 'accepted: send to delivered, p99', value: delivered99!, unit: 'ms' },
      { workload, name: 'refused: send to refusal, p99', value: refused99!, unit: 'ms' },
      ...bench.integrity(workload, losses, traffic),
    ],
    details: { ...usageDetails(usage), sent, refused, losses },
  }
}

function pauseAfter(refusals: number): number {
  const ceiling = Math.min(PAUSE_MS.longest, PAUSE_MS.first * 2 ** (refusals - 1))
  return Math.max(PAUSE_MS.asked * (1 + 0.5 * Math.random()), ceiling * (0.1 + 0.9 * Math.random()))
}
