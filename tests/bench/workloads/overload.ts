import { setTimeout as sleep } from 'node:timers/promises'
import { startBench, usageDetails, type Workload } from '../bench.ts'
import { Traffic } from '../traffic.ts'
import { BYTES, WARM_UP_MS } from './pairs.ts'

const PAIRS = 500
const WINDOW = 16
/** Somewhere between these the server asks for when it refuses. */
const RETRY_MS = { least: 100, most: 500 }

/** 500 users write to 500 others with 16 messages under way each: many times what the server lets wait. It must say no early, and serve well what it accepts. Who is refused tries again after the pause that the server asks for. */
export const overload: Workload = async (options) => {
  await using bench = await startBench(options)
  const users = Array.from({ length: PAIRS }, (_, i) => [`sender-${i}`, `receiver-${i}`]).flat()
  const clients = await bench.connect(users)
  const traffic = new Traffic(1, BYTES)
  let stopped = false
  const start: (() => void)[] = []
  for (let i = 0; i < PAIRS; i++) {
    const conversationId = await bench.api.createPrivate(users[2 * i]!, users[2 * i + 1]!)
    const send = () => {
      if (!stopped) traffic.send(clients[2 * i]!, conversationId, () => setTimeout(send, retryAfter()))
    }
    clients[2 * i + 1]!.onText = (text) => {
      if (traffic.receive(text, 0, i) !== undefined) send()
    }
    for (let w = 0; w < WINDOW; w++) start.push(send)
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

function retryAfter(): number {
  return RETRY_MS.least + Math.random() * (RETRY_MS.most - RETRY_MS.least)
}
