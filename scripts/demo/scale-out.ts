/** Shows that more sequencers and gateways carry more messages: `make demo-scale-out`. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { styleText } from 'node:util'
import { freePorts } from '../../packages/testkit/src/free-ports.ts'
import { Load, Mesh, waitUntil } from '../../packages/testkit/src/index.ts'
import { processSeconds } from '../../tests/bench/procfs.ts'
import { root } from '../lib/run.ts'
import { ClosedLoop } from './closed-loop.ts'
import { CpuMeter } from './cpu-meter.ts'
import { countPartitions } from './partition-owners.ts'
import { Pulse, seconds } from './pulse.ts'
import { runDemo } from './run-demo.ts'
import { Show } from './show.ts'
import { Throttle } from './throttle.ts'
import { judge } from './verdict.ts'

/** Of a core, for each process of a service. */
const SHARE = 0.04
/** What two and three of each must carry, of what one carries. */
const WANTED = [1, 1.7, 2.4] as const
const PARTITIONS = 16
const PAIRS = 64
/** Messages of each sender that nobody has received yet. Twice as many let one gateway be so late that clients give up on it. */
const UNDERWAY = 8
/**
 * Seconds of CPU time that each gateway and sequencer uses without limits before it is measured: processes compile their code
 * while they run, and a new one needs twice as much for a message as one that is as warm as this.
 */
const WARM_CPU_SECONDS = 8
const WARM_UP_AT_MOST_MS = 90_000
const SETTLE_MS = 5_000
const MEASURE_MS = 10_000

const HELP = `usage: make demo-scale-out, or scripts/node scripts/demo/scale-out.ts

Starts the mesh with one gateway and one sequencer, and measures how many messages a second it delivers. Then a second of
each joins while messages flow, then a third; partitions move to them. ${PAIRS} senders keep ${UNDERWAY} messages each on their way: as
soon as one has been received, the next is sent.

Engines and load share this machine with them. So that two cores can show it, each process of a service is held to ${SHARE * 100} % of
one core: whoever has used that is stopped with SIGSTOP until it has more. No privileges are needed. Limits are in force
while it is measured; they are lifted before, until each new process has used ${WARM_CPU_SECONDS} s of CPU time and has compiled its code.

  make demo-scale-out                     a table that is painted over; takes a few minutes
  make demo-scale-out > scale-out.txt     a line for every change

Needs Linux, two cores with nothing else to do, and what \`make engines\` brings. Exit code 0: two carry ${WANTED[1]} times as much as
one, three ${WANTED[2]} times, and every promise was kept. The logs of all processes are in .out/demo-scale-out afterwards.`

/** A process that is stopped half of the time is late by design: that must not refuse sends. */
const ENV = { CHAT4ALL_MAX_LOOP_DELAY_MS: '10000', CHAT4ALL_MAX_SEND_LATENCY_MS: '10000', CHAT4ALL_MAX_SENDS_IN_FLIGHT: '10000' }

interface Stage {
  readonly load: Load
  /** Times as many as in the first stage. */
  readonly wanted: number
  readonly perSecond: number
  /** Clients that gave up on their gateway while it was measured: if there are any, the figure is not what the mesh carries. */
  readonly lostClients: number
}

await runDemo(HELP, play)

async function play(): Promise<boolean> {
  const [grpc, http] = (await freePorts(2)) as [number, number]
  await using mesh = new Mesh({ gateways: [{ grpc, http }], sequencers: 1, env: ENV })
  await using throttle = new Throttle()
  let pulse: Pulse | undefined
  const figures = () => (pulse === undefined ? '' : `${pulse.rates}   partitions ${countPartitions(mesh.sequencers).join(' + ')}`)
  await using show = new Show(mesh, figures, join(root, '.out/demo-scale-out'))
  show.say('Starting the mesh: engines first, then one of each service.')
  await mesh.start()
  await using loads = new AsyncDisposableStack()
  const stages: Stage[] = []
  for (const wanted of WANTED) {
    const load = loads.use(await Load.prepare(mesh, { pairs: PAIRS, window: UNDERWAY, groups: false, bodyBytes: 256, markMs: 5_000 }))
    pulse = new Pulse(load.history)
    const loop = new ClosedLoop(load, UNDERWAY)
    stages.push({ load, wanted, ...(await measure(mesh, throttle, pulse, show)) })
    show.say(result(stages))
    if (stages.length < WANTED.length) await grow(mesh, show)
    await throttle.hold(new Map())
    loop.stop()
    await bringHome(load)
  }
  return await judgeAll(stages, show)
}

/** Waits until everything sent has been received, and leaves the mesh to the next load. */
async function bringHome(load: Load): Promise<void> {
  await load.settle()
  for (const client of [...load.senders, ...load.receivers]) client.close()
}

/** Messages a second that reach their receivers, when new processes have warmed up and limits are in force. */
async function measure(mesh: Mesh, throttle: Throttle, pulse: Pulse, show: Show): Promise<Pick<Stage, 'perSecond' | 'lostClients'>> {
  const title = `${mesh.gateways.length} × gateway, ${mesh.sequencers.length} × sequencer`
  show.say(`\n${styleText('bold', title)}: without limits until everybody has warmed up`)
  const coldest = () => Math.min(...[...mesh.gateways, ...mesh.sequencers].map(({ process }) => processSeconds(process!.pid)))
  await waitUntil('everybody is warm', () => coldest() >= WARM_CPU_SECONDS, WARM_UP_AT_MOST_MS).catch(() => {})
  await throttle.hold(new Map(mesh.services.map(({ process }) => [process!.pid, SHARE])))
  show.say(`  each process of a service is held to ${SHARE * 100} % of a core; measuring for ${MEASURE_MS / 1000} s`)
  await sleep(SETTLE_MS)
  const cpu = new CpuMeter(mesh)
  pulse.next()
  await sleep(MEASURE_MS)
  const { sinceMs, delivered, reopened } = pulse.next()
  show.say(`  of one core: ${cpu.text}`)
  return { perSecond: (delivered * 1000) / (performance.now() - sinceMs), lostClients: reopened.size }
}

/** One more of each while messages flow. */
async function grow(mesh: Mesh, show: Show): Promise<void> {
  const number = mesh.sequencers.length + 1
  show.say(`\n${styleText(['bold', 'green'], `sequencer-${number} and gateway-${number} join`)} while messages flow`)
  const [sequencer] = await Promise.all([mesh.add('sequencer'), mesh.add('gateway')])
  const readyAt = performance.now()
  const owned = () => countPartitions(mesh.sequencers)
  const fair = Math.ceil(PARTITIONS / number)
  await waitUntil('the partitions are shared out', () => Math.max(...owned()) <= fair, 60_000)
  show.say(`  ${owned().at(-1)} of ${PARTITIONS} partitions moved to ${sequencer.name} within ${seconds(performance.now() - readyAt)}`)
}

function result(stages: readonly Stage[]): string {
  const { perSecond, wanted, lostClients } = stages.at(-1)!
  const unsound = lostClients === 0 ? '' : styleText('red', `; does not count: ${lostClients} clients gave up on their gateway`)
  const times = perSecond / stages[0]!.perSecond
  const verdict = times >= wanted ? styleText('green', 'reached') : styleText('red', 'missed')
  const compared = stages.length === 1 ? '' : `, ${times.toFixed(2)} times as many as one; at least ${wanted} times: ${verdict}`
  return `  ${styleText('bold', `${Math.round(perSecond)} messages a second`)} from senders to receivers${compared}${unsound}`
}

async function judgeAll(stages: readonly Stage[], show: Show): Promise<boolean> {
  show.say('\nEverything sent has been received; the checker looks at all three loads.')
  const evidence = await Promise.all(stages.map(({ load }) => load.evidence()))
  const verdict = judge({
    history: evidence.flatMap(({ history }) => history),
    subscriptions: evidence.flatMap(({ subscriptions }) => subscriptions),
    readings: evidence.flatMap(({ readings }) => readings),
  })
  const scaled = stages.every(({ perSecond, wanted, lostClients }) => lostClients === 0 && perSecond >= wanted * stages[0]!.perSecond)
  show.say([verdict.text, '', ...stages.map((_, index) => result(stages.slice(0, index + 1)))].join('\n'))
  return verdict.clean && scaled
}
