import { startBench, usageDetails, type Workload } from '../bench.ts'
import { Traffic } from '../traffic.ts'
import { offer } from './open.ts'
import { BYTES, connectPairs, WARM_UP_MS } from './pairs.ts'

/** Far more than one core takes. */
const PER_SECOND = 60_000

/** Many times more messages than the server can take: it must say no early, and serve well what it accepts. */
export const overload: Workload = async (options) => {
  await using bench = await startBench(options)
  const traffic = new Traffic(1, BYTES)
  const sends = await connectPairs(bench, traffic, () => {})
  await offer(sends, 2_000, WARM_UP_MS)
  traffic.measuring = true
  const before = { sent: traffic.sent, refused: traffic.refused, arrived: traffic.arrived }
  const finish = bench.measure()
  await offer(sends, PER_SECOND, options.seconds * 1000)
  const usage = finish()
  const losses = await traffic.drain()
  const sent = traffic.sent - before.sent
  const [accepted50, accepted99] = traffic.acknowledged.percentiles(0.5, 0.99)
  const [delivered99] = traffic.delivered.percentiles(0.99)
  const [refused99] = traffic.refusedAfter.percentiles(0.99)
  const workload = 'overload'
  return {
    figures: [
      { workload, name: 'offered', value: sent / usage.wallSeconds, unit: '/s' },
      { workload, name: 'refused', value: ((traffic.refused - before.refused) / sent) * 100, unit: '%' },
      { workload, name: 'accepted: send to acknowledged, p50', value: accepted50!, unit: 'ms' },
      { workload, name: 'accepted: send to acknowledged, p99', value: accepted99!, unit: 'ms', bar: { is: '<=', value: 100 } },
      { workload, name: 'accepted: send to delivered, p99', value: delivered99!, unit: 'ms' },
      { workload, name: 'refused: send to refusal, p99', value: refused99!, unit: 'ms' },
      ...bench.integrity(workload, losses, traffic),
    ],
    details: { ...usageDetails(usage), sent, losses },
  }
}
