import { setTimeout as sleep } from 'node:timers/promises'
import { waitUntil } from '@chat4all/testkit'
import { expect } from 'vitest'
import { faultCase, verifyAfterwards } from './support/fault-case.ts'

const MINUTE = 60_000

verifyAfterwards()

faultCase(22, 'clocks are 10 minutes apart, and one steps back by an hour', async ({ mesh }) => {
  const [ahead, behind] = mesh.sequencers
  const gateway = mesh.gateways[1]!
  mesh.sabotage(ahead!, { clockOffsetMs: 10 * MINUTE })
  mesh.sabotage(gateway, { clockOffsetMs: 10 * MINUTE })
  mesh.sabotage(behind!, { clockOffsetMs: -10 * MINUTE })
  await sleep(8_000)
  mesh.sabotage(ahead!, { clockOffsetMs: -50 * MINUTE })
  mesh.sabotage(gateway, { clockOffsetMs: 9 * MINUTE })
  await sleep(8_000)
  for (const member of [ahead!, behind!, gateway]) mesh.sabotage(member, {})
})

faultCase(25, 'an unhandled rejection, or more memory than there is, in a service of each kind', async ({ mesh }) => {
  const crashes = [
    [mesh.gateways[0]!, 'rejection'],
    [mesh.directories[1]!, 'memory'],
    [mesh.sequencers[1]!, 'rejection'],
  ] as const
  for (const [victim, crash] of crashes) {
    mesh.sabotage(victim, { crash })
    await waitUntil(`${victim.name} has ended`, () => !victim.process!.running, 60_000)
    expect(victim.process!.exitCode).not.toBe(0)
    mesh.sabotage(victim, {})
    await victim.process!.restart()
    await sleep(1_000)
  }
})
