import { setTimeout as sleep } from 'node:timers/promises'
import { startBench, usageDetails, type Workload } from '../bench.ts'
import { Traffic } from '../traffic.ts'
import { BYTES, connectPairs, WARM_UP_MS } from './pairs.ts'

export const PER_SECOND = 500

/** The same pairs at a fixed rate, whatever comes back. */
export const open: Workload = async (options) => {
  await using bench = await startBench(options)
  const traffic = new Traffic(1, BYTES)
  const sends = await connectPairs(bench, traffic, () => {})
  await offer(sends, PER_SECOND, WARM_UP_MS)
  traffic.measuring = true
  const finish = bench.measure()
  const before = traffic.arrived
  await offer(sends, PER_SECOND, options.seconds * 1000)
  const usage = finish()
  const messages = traffic.arrived - before
  const losses = await traffic.drain()
  const [p50, p95, p99] = traffic.delivered.percentiles(0.5, 0.95, 0.99)
  const workload = `open ${PER_SECOND}/s`
  return {
    figures: [
      { workload, name: 'send to delivered, p50', value: p50!, unit: 'ms' },
      { workload, name: 'send to delivered, p95', value: p95!, unit: 'ms', bar: { is: '<=', value: 5 } },
      { workload, name: 'send to delivered, p99', value: p99!, unit: 'ms' },
      { workload, name: 'server CPU per message', value: (usage.serverSeconds / messages) * 1e6, unit: 'µs' },
      { workload, name: 'refused', value: traffic.refused, unit: '' },
      ...bench.integrity(workload, losses, traffic),
    ],
    details: { ...usageDetails(usage), messages, losses },
  }
}

/** Calls the senders in turn at an even rate for some time. Falls behind rather than sending in bursts of more than a few milliseconds. */
export async function offer(sends: readonly (() => void)[], perSecond: number, ms: number): Promise<void> {
  const started = performance.now()
  const total = Math.round((perSecond * ms) / 1000)
  for (let i = 0; i < total; ) {
    const due = Math.min(total, Math.floor(((performance.now() - started) * perSecond) / 1000))
    for (; i < due; i++) sends[i % sends.length]!()
    await sleep(1)
  }
}
