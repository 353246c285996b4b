/** Sends as many messages as were asked for, and shows what became of them: `make demo-load`. */
import { check, Load, type System } from '../../packages/testkit/src/index.ts'
import { countHops, type Hops, hopsBetween } from './load-hops.ts'
import { latencies } from './load-latency.ts'
import { findRate, type Held, hold, type Standing } from './load-run.ts'
import { HELP, type LoadSettings, readSettings } from './load-settings.ts'
import { startSystem, systemText } from './load-system.ts'
import { hopsText, latencyText, ProgressLine, rateText, standingText, usageText, verdictText, whole } from './load-text.ts'
import { type Usages, usages, usedBetween } from './load-usage.ts'
import { runDemo } from './run-demo.ts'

/** A rate that held for seconds may not hold for a minute: then it is tried with less. */
const LESS = 0.9
const TRIES = 3
/** As the SDK does. */
const MARK_MS = 1_000
const SETTLE_MS = 120_000

const line = new ProgressLine()
const args = process.argv.slice(2)
await runDemo(HELP, () => play(readSettings(args)), args.includes('single') || args.includes('--engine=single') ? [] : undefined)

/** What a rate did, and what it took. */
interface Run {
  readonly held: Held
  readonly used: Usages
  readonly hops: Hops
}

async function play(settings: LoadSettings): Promise<boolean> {
  const { perSecond, seconds, pairs, window, bytes } = settings
  const rate = perSecond === undefined ? 'As many messages as hold' : `${whole(perSecond * 60)} messages a minute`
  console.log(`\n${rate} for ${seconds} s, ${bytes} bytes each, from ${pairs} senders to as many live receivers, into`)
  console.log(`${systemText(settings)}\n\n  starting …`)
  await using system = await startSystem(settings)
  await using load = await Load.prepare(system, { pairs, window, bodyBytes: bytes, markMs: MARK_MS, groups: false })
  const { held, used, hops } = await run(system, load, settings)
  line.end()
  console.log('\n  waiting for what is on its way, then reading the store …')
  await load.settle(SETTLE_MS)
  const evidence = await load.evidence()
  const violations = check(evidence)
  const { acknowledged, delivered } = latencies(evidence.history, held.from, held.to)
  const stored = evidence.readings.filter(({ source }) => source !== 'ListMessages').reduce((sum, { rows }) => sum + rows.length, 0)
  const texts = [
    rateText(held),
    latencyText(acknowledged, delivered),
    usageText(used, held),
    ...(hops.size === 0 ? [] : [hopsText(hops, held)]),
    verdictText(violations, stored, load.history.count('recv')),
  ]
  console.log(`\n${texts.join('\n\n')}\n`)
  return violations.length === 0
}

/** Holds the rate that was asked for, or the highest one. */
async function run(system: System, load: Load, { perSecond, seconds, warmUp }: LoadSettings): Promise<Run> {
  if (perSecond !== undefined) {
    await hold(load, perSecond, warmUp * 1000, show('warm-up', warmUp))
    return await measure(system, load, perSecond, seconds)
  }
  let rate = await findRate(load, warmUp * 1000, show('looking', Number.POSITIVE_INFINITY))
  for (let tries = 1; ; tries++) {
    const run = await measure(system, load, rate, seconds)
    if (run.held.held || tries === TRIES) return run
    rate *= LESS
  }
}

async function measure(system: System, load: Load, perSecond: number, seconds: number): Promise<Run> {
  const hopsBefore = await countHops(system)
  const before = usages(system)
  const held = await hold(load, perSecond, seconds * 1000, show('sending', seconds))
  const used = usedBetween(before, usages(system))
  return { held, used, hops: hopsBetween(hopsBefore, await countHops(system)) }
}

function show(what: string, seconds: number): (standing: Standing) => void {
  return (standing) => line.show(what, standing.seconds / seconds, standingText(standing))
}
