import { setTimeout as sleep } from 'node:timers/promises'
import { startBench, usageDetails, type Workload } from '../bench.ts'
import { Traffic } from '../traffic.ts'
import { BYTES, WARM_UP_MS } from './pairs.ts'

const MEMBERS = 100

/** One member of a room writes to all hundred, itself included; the next message leaves when all copies of one have arrived. */
export const room: Workload = async (options) => {
  const wide = await roomWith(8, options)
  const single = await roomWith(1, options)
  return { figures: [...wide.figures, ...single.figures], details: { inFlight8: wide.details, inFlight1: single.details } }
}

async function roomWith(inFlight: number, options: Parameters<Workload>[0]): ReturnType<Workload> {
  await using bench = await startBench(options)
  const users = Array.from({ length: MEMBERS }, (_, i) => `member-${i}`)
  const clients = await bench.connect(users)
  const conversationId = await bench.api.createGroup('bench', users)
  const traffic = new Traffic(MEMBERS, BYTES)
  const missing: number[] = []
  let stopped = false
  const send = () => {
    if (stopped) return
    const id = traffic.send(clients[0]!, conversationId, () => setTimeout(send, 5))
    missing[id] = MEMBERS
  }
  for (const [member, client] of clients.entries()) {
    client.onText = (text) => {
      const id = traffic.receive(text, member)
      if (id !== undefined && --missing[id]! === 0) send()
    }
  }
  for (let i = 0; i < inFlight; i++) send()
  await sleep(WARM_UP_MS)
  const before = traffic.arrived
  traffic.measuring = true
  const finish = bench.measure()
  await sleep(options.seconds * 1000)
  const usage = finish()
  const deliveries = traffic.arrived - before
  stopped = true
  const losses = await traffic.drain()
  const [p50, p95, p99] = traffic.delivered.percentiles(0.5, 0.95, 0.99)
  const workload = `room of ${MEMBERS}, ${inFlight} in flight`
  return {
    figures: [
      { workload, name: 'deliveries per server CPU-second', value: deliveries / usage.serverSeconds, unit: '/s' },
      { workload, name: 'deliveries per second', value: deliveries / usage.wallSeconds, unit: '/s' },
      { workload, name: 'send to delivered, p50', value: p50!, unit: 'ms' },
      { workload, name: 'send to delivered, p95', value: p95!, unit: 'ms' },
      ...bench.integrity(workload, losses, traffic),
    ],
    details: { ...usageDetails(usage), deliveries, losses, p99, refused: traffic.refused },
  }
}
