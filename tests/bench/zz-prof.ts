import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { startBench } from './bench.ts'
import { Traffic } from './traffic.ts'
import { BYTES, startPairs, WARM_UP_MS } from './workloads/pairs.ts'

const dir = mkdtempSync('/work/tmp/prof/p-')
{
  await using bench = await startBench(
    { seconds: 6 } as any,
    process.env.NOPROF ? [] : ['--cpu-prof', '--cpu-prof-interval=300', `--cpu-prof-dir=${dir}`],
  )
  const traffic = new Traffic(1, BYTES)
  const stop = await startPairs(bench, traffic)
  await sleep(WARM_UP_MS)
  const before = traffic.arrived
  const finish = bench.measure()
  await sleep(6000)
  const usage = finish() as any
  const n = traffic.arrived - before
  stop()
  await traffic.drain()
  console.log('us/msg', (usage.serverSeconds / n) * 1e6, 'msg/s', n / usage.wallSeconds, JSON.stringify(usage).slice(0, 600))
  await bench.server.terminate()
}
for (const f of readdirSync(dir)) {
  const p = JSON.parse(readFileSync(`${dir}/${f}`, 'utf8'))
  const byId = new Map(p.nodes.map((n: any) => [n.id, n]))
  const self = new Map<string, number>()
  let total = 0
  p.samples.forEach((id: number, i: number) => {
    const n: any = byId.get(id)
    const c = n.callFrame
    const k = `${c.functionName || '(anon)'} ${c.url.replace(/.*node_modules\//, '').replace(/.*\/work\/main\//, '')}:${c.lineNumber + 1}`
    const d = p.timeDeltas[i] / 1e6
    if (c.functionName === '(idle)') return
    total += d
    self.set(k, (self.get(k) ?? 0) + d)
  })
  console.log('\n==', f, 'total', total.toFixed(2))
  for (const [k, v] of [...self].sort((a, b) => b[1] - a[1]).slice(0, 45)) console.log(((v / total) * 100).toFixed(1).padStart(5), k)
}
