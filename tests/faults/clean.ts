import { AdminService, type IntegrityFinding } from '@chat4all/gen/chat4all/v1/admin_service_pb.js'
import { check, type Load, type System } from '@chat4all/testkit'
import { expect } from 'vitest'

/** What VerifyIntegrity finds, over all tenants. */
export async function findings(server: System): Promise<IntegrityFinding[]> {
  const client = await server.apiClient()
  try {
    const answers = await client.collect(AdminService.method.verifyIntegrity, {})
    const last = answers.at(-1)?.event
    expect(last?.case === 'progress' && last.value.done).toBe(true)
    return answers.flatMap((a) => (a.event.case === 'finding' ? [a.event.value] : []))
  } finally {
    client.close()
  }
}

/** Waits until the load has settled, and holds it against every promise: what was seen, what the API says, what the files hold. */
export async function expectNothingBroken(server: System, load: Load): Promise<void> {
  await expectPromisesKept(server, load)
  expect(await findings(server)).toEqual([])
}

/** The same without VerifyIntegrity, which grows with everything that the log holds. */
export async function expectPromisesKept(server: System, load: Load): Promise<void> {
  await load.settle()
  expect(server.running, server.state).toBe(true)
  expect(check(await load.evidence()).slice(0, 10)).toEqual([])
}

/** A seed for everything random in a test; printed, so that a run can be repeated. */
export function testSeed(): number {
  const seed = Number(process.env.CHAT4ALL_TEST_SEED ?? Date.now() % 1_000_000)
  console.log(`CHAT4ALL_TEST_SEED=${seed}`)
  return seed
}
