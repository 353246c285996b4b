/** Harms a mesh at random while messages flow, and checks every promise: `make soak`. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { check, type Evidence, engineMissing, Load, Mesh, seededRandom, type Violation } from '../packages/testkit/src/index.ts'
import { root } from './lib/run.ts'
import { chooseFault, type Fault } from './soak/fault.ts'
import { type Block, report } from './soak/report.ts'

const HELP = `usage: make soak, or scripts/node scripts/soak.ts [options]

Starts a mesh (3 NATS servers, Apache Cassandra, PostgreSQL, an S3 server, 2 directories, 2 sequencers, 2 gateways), keeps 20
senders and 20 live receivers busy, and does something to it in every round: kill -9, SIGSTOP, a restart, a partition in both
directions or in one, a reset of connections; to any process, at times to two at once. After every 10 rounds it reads the
stores and holds them, and all that the clients saw, against every promise. Ends with 1 on the first violation.

  --rounds N   how many (default 200, about half an hour)
  --seed N     of everything that is chosen (default: from the time); the same seed does the same to the same members
  --out FILE   where the report goes, as Markdown

  scripts/node scripts/soak.ts --rounds 20 --seed 7
  scripts/node scripts/soak.ts --out docs/soak.md`

const ROUNDS_PER_BLOCK = 10
const CALM_MS = 1_000
/** Late for want of a CPU is no overload. */
const PATIENT = { CHAT4ALL_MAX_LOOP_DELAY_MS: '1000', CHAT4ALL_MAX_SEND_LATENCY_MS: '1000', CHAT4ALL_HEARTBEAT_SECONDS: '2' }

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    out: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})
if (values.help) console.log(HELP)
else process.exit(await main(Number(values.rounds), Number(values.seed)))

async function main(rounds: number, seed: number): Promise<number> {
  const missing = engineMissing('nats', 'cassandra', 'postgres', 's3')
  if (missing !== undefined || !(rounds > 0) || !Number.isInteger(seed)) {
    console.error(`soak: ${missing ?? '--rounds and --seed take whole numbers; see --help'}`)
    return 1
  }
  console.log(`seed ${seed}, ${rounds} rounds; starting the mesh …`)
  const random = seededRandom(seed)
  const blocks: Block[] = []
  await using mesh = await Mesh.start({ fragile: true, env: PATIENT })
  for (let round = 0; round < rounds; round += ROUNDS_PER_BLOCK) {
    const faults = Array.from({ length: Math.min(ROUNDS_PER_BLOCK, rounds - round) }, () => chooseRound(mesh, random))
    const block = await runBlock(mesh, round + 1, faults)
    blocks.push(block)
    if (values.out !== undefined) writeFileSync(resolve(root, values.out), report(seed, blocks))
    if (block.violations.length > 0) break
  }
  console.log(`\n${report(seed, blocks)}`)
  return blocks.some(({ violations }) => violations.length > 0) ? 1 : 0
}

/** One fault, at times two at once. */
function chooseRound(mesh: Mesh, random: (n: number) => number): readonly Fault[] {
  const first = chooseFault(mesh, random)
  const second = chooseFault(mesh, random)
  return random(4) === 0 && first.member !== second.member ? [first, second] : [first]
}

/** Some rounds under one load, then the verdict. */
async function runBlock(mesh: Mesh, firstRound: number, rounds: readonly (readonly Fault[])[]): Promise<Block> {
  await using load = await Load.prepare(mesh, { pairs: 20, perSecond: 100 })
  load.start()
  for (const [index, faults] of rounds.entries()) {
    const text = faults.map((fault) => fault.text).join('; ')
    process.stdout.write(`${String(firstRound + index).padStart(4)}  ${text.padEnd(90)}`)
    const before = load.history.count('send', 'ok')
    const started = performance.now()
    await Promise.all(faults.map((fault) => fault.run()))
    await sleep(CALM_MS)
    const [acked, took] = [load.history.count('send', 'ok') - before, ((performance.now() - started) / 1000).toFixed(1)]
    console.log(` ${took} s, ${acked} acknowledged`)
  }
  await load.settle(180_000)
  const evidence = await load.evidence()
  const violations = check(evidence)
  print(violations)
  if (violations.length > 0) keep(mesh, evidence, violations)
  return { firstRound, rounds: rounds.map((faults) => faults.map(({ text }) => text)), evidence, violations }
}

/** All that was seen of the conversations in question, for whoever looks for the cause. */
function keep(mesh: Mesh, { history }: Evidence, violations: readonly Violation[]): void {
  const file = join(root, '.out/soak-violations.json')
  const concerned = new Set(violations.map(({ conversation }) => conversation))
  const records = history.filter(({ conversation }) => concerned.has(conversation))
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(
    file,
    JSON.stringify({ violations, records }, (_, value) => (typeof value === 'bigint' ? Number(value) : value), 1),
  )
  for (const { name, process } of mesh.services) writeFileSync(join(root, `.out/soak-${name}.log`), process!.log)
  console.log(`      what was seen of their conversations: ${relative(root, file)}; the logs are beside it`)
}

function print(violations: readonly Violation[]): void {
  console.log(violations.length === 0 ? '      every promise holds' : `      ${violations.length} VIOLATIONS`)
  for (const violation of violations.slice(0, 10)) console.log(violation)
}
