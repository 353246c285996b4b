import { cpus, totalmem } from 'node:os'
import { type Evidence, type Violation, waitsOf } from '../../packages/testkit/src/index.ts'

/** Some rounds under one load. */
export interface Block {
  readonly firstRound: number
  /** What was done in each round. */
  readonly rounds: readonly (readonly string[])[]
  readonly evidence: Evidence
  readonly violations: readonly Violation[]
}

/** What was done, and what came of it, as Markdown. */
export function report(seed: number, blocks: readonly Block[]): string {
  const rounds = blocks.flatMap((block) => block.rounds)
  const rows = blocks.map(rowOf)
  const sum = (column: number) => rows.reduce((total, row) => total + (row[column] as number), 0)
  return `# Soak

\`make soak ARGS="--rounds ${rounds.length} --seed ${seed}"\` on a machine with ${cpus().length} CPUs (${cpus()[0]?.model.trim()}) and ${Math.round(totalmem() / 2 ** 30)} GiB,
which ran every process of the mesh and the load: 20 senders aiming at 100 messages a second, 20 live receivers.
Each round does what stands in the list; each block of rounds ends with the checker reading the stores.

**${rounds.length} rounds, ${sum(1)} messages acknowledged, ${sum(2)} stored, ${sum(6)} violations.**

| rounds | acknowledged | stored | received live | longest until answered, s | longest until received, s | violations |
|---|---|---|---|---|---|---|
${rows.map((row) => `| ${row.join(' | ')} |`).join('\n')}

More is stored than acknowledged where an answer got lost and the sender was stopped before it asked again.

| round | what was done |
|---|---|
${rounds.map((faults, index) => `| ${index + 1} | ${faults.join('; ')} |`).join('\n')}
`
}

function rowOf({ firstRound, rounds, evidence, violations }: Block): readonly (string | number)[] {
  const { acknowledged, delivered } = waitsOf(evidence.history)
  return [
    `${firstRound} to ${firstRound + rounds.length - 1}`,
    acknowledged.length,
    evidence.readings.filter(({ source }) => source === 'CQL').reduce((total, { rows }) => total + rows.length, 0),
    evidence.history.filter(({ op }) => op === 'recv').length,
    longest(acknowledged),
    longest(delivered),
    violations.length,
  ]
}

function longest(waits: readonly number[]): string {
  return (waits.reduce((most, wait) => Math.max(most, wait), 0) / 1000).toFixed(1)
}
