import { check, Load, type Mesh, waitUntil } from '@chat4all/testkit'
import { expect } from 'vitest'
import { everyoneReceivedSince } from './support/everyone-received.ts'
import { faultCase } from './support/fault-case.ts'

const MORE = 20

faultCase(28, 'a rolling restart that adds partitions to the log', async ({ mesh, load }) => {
  const before = await partitionsOf(mesh)
  // The directories last: they give new conversations a partition, and the others must know it by then.
  for (const { name, process } of [...mesh.sequencers, ...mesh.gateways, ...mesh.directories]) {
    await process!.restart({ CHAT4ALL_PARTITIONS: String(MORE) })
    expect([name, process!.running]).toEqual([name, true])
  }
  await using added = await Load.prepare(mesh, { pairs: 60, perSecond: 100 })
  added.start()
  await waitUntil('every new conversation moves', () => everyoneReceivedSince(added, 0))
  await added.settle()
  expect(check(await added.evidence())).toEqual([])
  expect(load.history.count('send', 'ok')).toBeGreaterThan(100)

  const after = await partitionsOf(mesh)
  for (const [conversation, partition] of before) expect(after.get(conversation)).toBe(partition)
  const used = [...after].filter(([conversation]) => !before.has(conversation)).map(([, partition]) => partition)
  expect(Math.max(...before.values())).toBeLessThan(16)
  expect(Math.max(...used)).toBeGreaterThanOrEqual(16)
})

async function partitionsOf(mesh: Mesh): Promise<Map<string, number>> {
  const rows = await mesh.queryDirectory<{ conversation_id: string; partition: number }>(
    'SELECT conversation_id, partition FROM conversations',
  )
  return new Map(rows.map((row) => [row.conversation_id, row.partition]))
}
