import { setTimeout as sleep } from 'node:timers/promises'
import { type Bench, startBench, usageDetails, type Workload } from '../bench.ts'
import { Traffic } from '../traffic.ts'

const PAIRS = 20
const WINDOW = 8
export const BYTES = 1024
export const WARM_UP_MS = 3000
/** Pause after a refusal: the next try would be refused as well. */
const REFUSED_MS = 5

/** Twenty users write to twenty others, eight messages under way each; the next one leaves when one has arrived. */
export const pairs: Workload = async (options) => {
  await using bench = await startBench(options)
  const traffic = new Traffic(1, BYTES)
  const stop = await startPairs(bench, traffic)
  await sleep(WARM_UP_MS)
  const before = traffic.arrived
  traffic.measuring = true
  const finish = bench.measure()
  await sleep(options.seconds * 1000)
  const usage = finish()
  traffic.measuring = false
  const messages = traffic.arrived - before
  stop()
  const losses = await traffic.drain()
  const [p50, p95, p99] = traffic.delivered.percentiles(0.5, 0.95, 0.99)
  const workload = 'pairs'
  return {
    figures: [
      { workload, name: 'server CPU per message', value: (usage.serverSeconds / messages) * 1e6, unit: 'µs' },
      { workload, name: 'deliveries per server CPU-second', value: messages / usage.serverSeconds, unit: '/s' },
      { workload, name: 'messages per second', value: messages / usage.wallSeconds, unit: '/s' },
      { workload, name: 'send to delivered, p50', value: p50!, unit: 'ms' },
      { workload, name: 'send to delivered, p99', value: p99!, unit: 'ms' },
      ...bench.integrity(workload, losses, traffic),
    ],
    details: { ...usageDetails(usage), messages, refused: traffic.refused, losses, p50, p95, p99 },
  }
}

/** Starts the closed loops; the function returned ends them. */
export async function startPairs(bench: Bench, traffic: Traffic): Promise<() => void> {
  let stopped = false
  const loops = await connectPairs(bench, traffic, (send) => !stopped && send())
  for (let i = 0; i < WINDOW; i++) for (const send of loops) send()
  return () => {
    stopped = true
  }
}

/** Twenty conversations of two. Gives a way to send in each; `onDelivered` is called with it when a message arrived or was refused. */
export async function connectPairs(bench: Bench, traffic: Traffic, onDelivered: (send: () => void) => void): Promise<(() => void)[]> {
  const users = Array.from({ length: PAIRS }, (_, i) => [`sender-${i}`, `receiver-${i}`]).flat()
  const clients = await bench.connect(users)
  return await Promise.all(
    Array.from({ length: PAIRS }, async (_, i) => {
      const conversationId = await bench.api.createPrivate(users[2 * i]!, users[2 * i + 1]!)
      const send = () => void traffic.send(clients[2 * i]!, conversationId, () => setTimeout(onDelivered, REFUSED_MS, send))
      clients[2 * i + 1]!.onText = (text) => {
        if (traffic.receive(text, 0, i) !== undefined) onDelivered(send)
      }
      return send
    }),
  )
}
