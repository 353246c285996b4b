import type { MessageStore } from '@chat4all/ports'
import { type Author, expectStored } from '@chat4all/ports/conformance'
import { expect } from 'vitest'

/** Everything that the author wrote is there as the author knows it, and a check finds nothing wrong. */
export async function expectSound(store: MessageStore, author: Author): Promise<void> {
  await expectStored({ store }, author)
  expect((await store.verify(author.key.tenantId, '')).findings).toEqual([])
}
