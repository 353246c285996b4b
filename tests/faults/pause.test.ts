import { setTimeout as sleep } from 'node:timers/promises'
import { Load, TestServer } from '@chat4all/testkit'
import { expect, it } from 'vitest'
import { expectNothingBroken } from './clean.ts'

it('goes on where it was after it stood still for three seconds', async () => {
  await using server = await TestServer.start()
  await using load = await Load.prepare(server, { pairs: 20 })
  load.start()
  await sleep(1000)
  server.pause()
  const before = load.history.count('send', 'ok')
  await sleep(3000)
  server.resume()
  await sleep(1500)
  await expectNothingBroken(server, load)
  expect(load.history.count('send', 'ok')).toBeGreaterThan(before)
})
