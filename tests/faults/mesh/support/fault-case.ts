import { setTimeout as sleep } from 'node:timers/promises'
import { engineMissing, Load, type Mesh, seededRandom } from '@chat4all/testkit'
import { afterAll, describe, expect, it } from 'vitest'
import { expectPromisesKept, findings, testSeed } from '../../clean.ts'
import { faultMesh, mend } from './fault-mesh.ts'
import { recordRow } from './table.ts'

/** From the first message to the last. */
const LOAD_MS = 30_000
/** Undisturbed at the beginning, and after the fault. */
const CALM_MS = 3_000
const MISSING = engineMissing('nats', 'cassandra', 'postgres', 's3')

export interface Scene {
  readonly mesh: Mesh
  readonly load: Load
  /** Seeded; a number in [0, n). */
  readonly random: (n: number) => number
}

/** One case of docs/faults.md: 20 senders and 20 live receivers go on for at least half a minute, while this happens to the mesh; then every promise is checked. What it broke it mends. */
export function faultCase(number: number, title: string, happens: (scene: Scene) => Promise<void>): void {
  describe.skipIf(MISSING !== undefined)(`case ${number}${MISSING === undefined ? '' : `: ${MISSING}`}`, () => {
    it(title, async () => {
      const mesh = await faultMesh()
      await using load = await Load.prepare(mesh, { pairs: 20, perSecond: 100 })
      const started = performance.now()
      load.start()
      await sleep(CALM_MS)
      await happens({ mesh, load, random: seededRandom(testSeed()) }).catch(async (error: unknown) => {
        await mend(mesh)
        throw error
      })
      await sleep(Math.max(CALM_MS, started + LOAD_MS - performance.now()))
      await load.settle()
      recordRow(number, title, await load.evidence())
      await expectPromisesKept(mesh, load)
    })
  })
}

/** Once for the cases of a file: everything stored is whole. Grows with all that ran before on this mesh. */
export function verifyAfterwards(): void {
  afterAll(async () => {
    if (MISSING === undefined) expect(await findings(await faultMesh())).toEqual([])
  }, 180_000)
}
