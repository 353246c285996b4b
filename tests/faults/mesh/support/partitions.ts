import { check, Load, type Mesh, waitUntil } from '@chat4all/testkit'
import { expect } from 'vitest'
import { everyoneReceivedSince } from './everyone-received.ts'

/** More than a mesh begins with. */
export const MORE_PARTITIONS = 20

export async function partitionsOf(mesh: Mesh): Promise<Map<string, number>> {
  const rows = await mesh.queryDirectory<{ conversation_id: string; partition: number }>(
    'SELECT conversation_id, partition FROM conversations',
  )
  return new Map(rows.map((row) => [row.conversation_id, row.partition]))
}

/** After partitions were added: new conversations are spread over all of them and work, and the earlier ones are where they were. */
export async function expectMorePartitions(mesh: Mesh, before: ReadonlyMap<string, number>): Promise<void> {
  await using added = await Load.prepare(mesh, { pairs: 60, perSecond: 100 })
  added.start()
  await waitUntil('every new conversation moves', () => everyoneReceivedSince(added, 0))
  await added.settle()
  expect(check(await added.evidence())).toEqual([])
  const after = await partitionsOf(mesh)
  for (const [conversation, partition] of before) expect(after.get(conversation)).toBe(partition)
  const used = [...after].filter(([conversation]) => !before.has(conversation)).map(([, partition]) => partition)
  expect(Math.max(...used)).toBeGreaterThan(Math.max(...before.values()))
}
