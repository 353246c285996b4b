import type { MessageStore } from '@chat4all/ports'
import type { Author } from '@chat4all/ports/conformance'
import { expect } from 'vitest'

/** Everything that the author wrote is there as the author knows it, and a check finds nothing wrong. */
export async function expectStored(store: MessageStore, author: Author): Promise<void> {
  const { key } = author
  const all = author.changes.length + 1
  expect(await store.heads([key])).toEqual([author.head])
  expect(await store.messages(key, { after: 0n }, all)).toEqual(author.messages)
  expect(await store.changes(key, 0n, all)).toEqual({ changes: author.changes, revision: author.head.revision, expired: false })
  expect(await store.members(key)).toEqual([...author.members.values()].sort((a, b) => (a.userId < b.userId ? -1 : 1)))
  for (const { sequence } of author.messages)
    expect(await store.edits(key, sequence)).toEqual(author.edits.filter((edit) => edit.sequence === sequence))
  expect((await store.verify(key.tenantId, '')).findings).toEqual([])
}
