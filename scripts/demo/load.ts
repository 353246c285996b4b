/** Sends as many messages as were asked for, and shows what became of them: `make demo-load`. */
import { check, Load, type System } from '../../packages/testkit/src/index.ts'
import { countHops, hopsBetween } from './load-hops.ts'
import { latencies } from './load-latency.ts'
import { findRate, type Held, hold } from './load-run.ts'
import { HELP, type LoadSettings, readSettings } from './load-settings.ts'
import { startSystem, systemText } from './load-system.ts'
import { hopsText, latencyText, ProgressLine, rateText, standingText, usageText, verdictText, whole } from './load-text.ts'
import { usages, usedBetween } from './load-usage.ts'
import { runDemo } from './run-demo.ts'

/** Steps in which the highest rate is looked for. */
const STEPS = 12
/** A rate that held for seconds may not hold for a minute: then it is tried with less. */
const LESS = 0.9
const TRIES = 3
/** As the SDK does. */
const MARK_MS = 1_000
const SETTLE_MS = 120_000

const args = process.argv.slice(2)
await runDemo(HELP, () => play(readSettings(args)), args.join(' ').includes('single') ? [] : undefined)

async function play(settings: LoadSettings): Promise<boolean> {
  const { perSecond, seconds, pairs, window, bytes } = settings
  const rate = perSecond === undefined ? 'As many messages as hold' : `${whole(perSecond * 60)} messages a minute`
  console.log(`\n${rate} for ${seconds} s, ${bytes} bytes each, from ${pairs} senders to as many live receivers, into`)
  console.log(`${systemText(settings)}\n\n  starting …`)
  await using system = await startSystem(settings)
  await using load = await Load.prepare(system, { pairs, window, bodyBytes: bytes, markMs: MARK_MS, groups: false })
  const { held, used, hops } = await run(system, load, settings)
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

/** Warms up, or finds the rate, then holds it. */
async function run(system: System, load: Load, settings: LoadSettings) {
  const line = new ProgressLine()
  const { perSecond, seconds, warmUp } = settings
  const warming = (part: (seconds: number) => number) => (standing: Held | Parameters<typeof standingText>[0]) =>
    line.show('warm-up', part(standing.seconds), standingText(standing))
  if (perSecond !== undefined)
    await hold(
      load,
      perSecond,
      warmUp * 1000,
      warming((passed) => passed / warmUp),
    )
  let aim =
    perSecond ??
    (await findRate(load, STEPS, (standing) => line.show('looking', 0, `${whole(standing.perSecond)}/s: ${standingText(standing)}`)))
  line.end()
  for (let tries = 1; ; tries++) {
    const hopsBefore = await countHops(system)
    const before = usages(system)
    const held = await hold(load, aim, seconds * 1000, (standing) =>
      line.show('sending', standing.seconds / seconds, standingText(standing)),
    )
    const used = usedBetween(before, usages(system))
    const hops = hopsBetween(hopsBefore, await countHops(system))
    line.end()
    if (held.held || perSecond !== undefined || tries === TRIES) return { held, used, hops }
    aim *= LESS
  }
}
