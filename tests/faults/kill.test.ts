import { setTimeout as sleep } from 'node:timers/promises'
import { Load, seededRandom, TestServer } from '@chat4all/testkit'
import { expect, it } from 'vitest'
import { expectNothingBroken, testSeed } from './clean.ts'

const ROUNDS = 20

it(`keeps every promise through ${ROUNDS} kills under 20 senders and 20 live receivers`, async () => {
  const random = seededRandom(testSeed())
  await using server = await TestServer.start()
  await using load = await Load.prepare(server, { pairs: 20 })
  load.start()
  for (let round = 0; round < ROUNDS; round++) {
    await sleep(700 + random(1000))
    await server.kill()
    await server.restart()
  }
  await expectNothingBroken(server, load)
  const { history } = load
  console.log(
    `${history.count('send', 'ok')} acknowledged, ${history.count('send', 'unknown')} of unknown outcome, ${history.count('recv')} received`,
  )
  expect(history.count('send', 'ok')).toBeGreaterThan(ROUNDS * 20)
  expect(history.count('send', 'unknown')).toBeGreaterThan(ROUNDS)
  for (const receiver of load.receivers) expect(receiver.sessions).toBeGreaterThan(ROUNDS)
})
