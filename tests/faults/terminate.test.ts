import { setTimeout as sleep } from 'node:timers/promises'
import { Load, TestServer } from '@chat4all/testkit'
import { expect, it } from 'vitest'
import { expectNothingBroken } from './clean.ts'

it('loses nothing when it is asked to stop under load, exits with 0, and tells its streams why', async () => {
  await using server = await TestServer.start()
  await using load = await Load.prepare(server, { pairs: 20 })
  for (let round = 0; round < 3; round++) {
    load.start()
    await sleep(1500)
    const started = performance.now()
    expect(await server.terminate()).toBe(0)
    expect(performance.now() - started).toBeLessThan(15_000)
    await server.restart()
  }
  await expectNothingBroken(server, load)
  expect(load.receivers.flatMap((r) => r.failures.map((f) => f.reason))).toContain('SHUTTING_DOWN')
})
