import { type EngineName, engineMissing } from '../../packages/testkit/src/engines/catalogue.ts'
import { cassandra } from './cassandra.ts'
import { goProgram } from './go-program.ts'
import { postgres } from './postgres.ts'
import type { Recipe } from './recipe.ts'

/** Chains that run side by side; in a chain one waits for the other. A Go build keeps all processors busy. */
export const CHAINS: readonly (readonly Recipe[])[] = [
  [goProgram('nats', 'github.com/nats-io/nats-server/v2'), goProgram('s3', 'github.com/versity/versitygw/cmd/versitygw')],
  [cassandra],
  [postgres],
]

/** The engines that are not here and cannot be brought, for want of a tool. */
export async function enginesOutOfReach(): Promise<EngineName[]> {
  const missing = CHAINS.flat().filter(({ name }) => engineMissing(name) !== undefined)
  const lacking = await Promise.all(missing.map(async ({ name, lacks }) => ((await lacks()) === undefined ? [] : [name])))
  return lacking.flat()
}
