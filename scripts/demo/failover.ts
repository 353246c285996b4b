/** Kills a process of every kind under load, and shows what it does to the messages: `make demo-failover`. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs, styleText } from 'node:util'
import { Load, Mesh, waitUntil } from '../../packages/testkit/src/index.ts'
import { root } from '../lib/run.ts'
import { type Act, failoverActs } from './failover-acts.ts'
import { Pulse, seconds } from './pulse.ts'
import { runDemo } from './run-demo.ts'
import { Show } from './show.ts'
import { judge } from './verdict.ts'

const HELP = `usage: make demo-failover, or scripts/node scripts/demo/failover.ts

Starts the mesh (3 NATS servers, Apache Cassandra, PostgreSQL, an S3 server, and two of each service), lets 20 senders write
to 20 live receivers, and ends with kill -9, one after the other: a gateway, a directory, a sequencer, a NATS server, the
message store and PostgreSQL. Each comes back after a few seconds. Says for each who took over and how long messages waited,
and in the end what the checker finds in the store, in the API and in what senders and receivers saw.

  make demo-failover                      a table that is painted over; takes a few minutes
  make demo-failover > failover.txt       a line for every change
  make demo-failover ARGS='--only cassandra,postgres'
                                          some of gateway, directory, sequencer, nats, cassandra, postgres

Needs Linux or macOS, and what \`make engines\` brings. Exit code 0: every promise was kept. The logs of all processes are in
.out/demo-failover afterwards.`

const PAIRS = 20
const PER_SECOND = 150
/** Between two kills, and before the first. */
const CALM_MS = 2_000
/** Long enough to see what the absence does. */
const AWAY_MS = 4_000
/** Messages flow as before when none waits longer. */
const FLOWING_MS = 1_500
/** A small machine has few CPUs for a whole mesh: what is late for that must not refuse sends. */
const ENV = { CHAT4ALL_MAX_LOOP_DELAY_MS: '1000', CHAT4ALL_MAX_SEND_LATENCY_MS: '1000' }

interface Outcome {
  readonly act: Act
  readonly tookOver: string
  readonly toAcknowledge: string
  readonly toDeliver: string
}

const { only } = parseArgs({ options: { only: { type: 'string' }, help: { type: 'boolean', short: 'h' } } }).values

await runDemo(HELP, play)

async function play(): Promise<boolean> {
  await using mesh = new Mesh({ env: ENV })
  let pulse: Pulse | undefined
  await using show = new Show(
    mesh,
    () => (pulse === undefined ? '' : `${pulse.rates}   longest wait so far ${seconds(pulse.longestMs)}`),
    join(root, '.out/demo-failover'),
  )
  show.say('Starting the mesh: engines first, then the services.')
  await mesh.start()
  await using load = await Load.prepare(mesh, { pairs: PAIRS, perSecond: PER_SECOND })
  pulse = new Pulse(load.history)
  show.say(`${PAIRS} senders write ${PER_SECOND} messages a second to ${PAIRS} live receivers, alone and in groups.`)
  load.start()
  await flowing(pulse)
  pulse.next()
  await sleep(CALM_MS)
  const outcomes: Outcome[] = []
  for (const act of failoverActs({ mesh, load }).filter(wanted)) outcomes.push(await perform(act, pulse, show))
  show.say('\nThe load ends; everything sent is brought home.')
  await load.settle()
  const verdict = judge(await load.evidence())
  show.say([table(outcomes), verdict.text].join('\n'))
  await mesh.stop()
  return verdict.clean
}

function wanted({ victim }: Act): boolean {
  return only === undefined || only.split(',').includes(victim.name.replace(/-\d+$/, ''))
}

async function perform(act: Act, pulse: Pulse, show: Show): Promise<Outcome> {
  const { victim, role } = act
  const calm = pulse.next()
  show.say(`\n${styleText(['bold', 'red'], `kill -9 ${victim.name}`)} (pid ${victim.process!.pid}): ${role}`)
  show.say(`  before: no message took longer than ${seconds(calm.longestDeliveryMs)} from its sender to its receivers`)
  await victim.process!.kill()
  await victim.look()
  const [ending] = await Promise.all([act.begin(), sleep(AWAY_MS)])
  const { acknowledged, delivered } = pulse.stretch
  show.say(`  while it was away: ${acknowledged} messages acknowledged, ${delivered} delivered. It starts again.`)
  await victim.restart()
  await flowing(pulse)
  const stretch = pulse.next()
  const tookOver = ending(stretch)
  const outcome = { act, tookOver, toAcknowledge: seconds(stretch.longestAcknowledgementMs), toDeliver: seconds(stretch.longestDeliveryMs) }
  show.say(`  took over: ${tookOver}`)
  show.say(`  longest pause: ${outcome.toAcknowledge} until a sender was told, ${outcome.toDeliver} until a receiver had the message`)
  await sleep(CALM_MS)
  return outcome
}

/** Waits until new messages are accepted and arrive as before. */
async function flowing(pulse: Pulse): Promise<void> {
  const before = pulse.stretch.acknowledged
  const enough = () => pulse.stretch.acknowledged > before + PER_SECOND && pulse.waitingMs < FLOWING_MS
  await waitUntil('messages flow again', enough, 180_000)
}

function table(outcomes: readonly Outcome[]): string {
  const lines = outcomes.map(
    ({ act, tookOver, toAcknowledge, toDeliver }) =>
      `  ${act.victim.name.padEnd(13)} ${toAcknowledge.padStart(8)} ${toDeliver.padStart(8)}   ${tookOver}`,
  )
  return ['', 'Killed          longest wait until', '              accepted  received   took over', ...lines].join('\n')
}
