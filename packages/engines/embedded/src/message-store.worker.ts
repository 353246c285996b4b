import type { DatabaseSync } from 'node:sqlite'
import { createApply } from './message-store/apply.ts'
import { type PackedBatch, unpackBatch } from './message-store/batch.ts'
import { createExpire } from './message-store/expire.ts'
import { KnownHeads } from './message-store/known-heads.ts'
import { createLoad } from './message-store/load.ts'
import { createMemberReads } from './message-store/members.ts'
import { createMessageReads } from './message-store/messages.ts'
import { createPartitionReads, createPartitionWrites } from './message-store/partitions.ts'
import { createReceiptReads, createReceiptWrites } from './message-store/receipts.ts'
import { createSync } from './message-store/sync.ts'
import { createVerify } from './message-store/verify.ts'
import type { Operation, Operations } from './sqlite/operations.ts'

export { migrations } from './message-store/schema.ts'

/** One operation per method of the port, by its name, with the arguments as a list. */
export function createOperations(db: DatabaseSync): Operations {
  const heads = new KnownHeads(db)
  const apply = createApply(db, heads)
  return {
    // The log has what a power cut takes: it is read again from the checkpoint, which is a write.
    apply: {
      kind: 'replay',
      run: ([batch]: readonly [PackedBatch]) => apply(unpackBatch(batch)),
      undone: () => heads.forget(),
    },
    ...operations('write', {
      expireChanges: createExpire(db),
      ...createPartitionWrites(db),
      ...createReceiptWrites(db),
    }),
    ...operations('read', {
      load: createLoad(db),
      verify: createVerify(db),
      ...createPartitionReads(db),
      ...createMessageReads(db),
      ...createMemberReads(db),
      ...createReceiptReads(db),
      ...createSync(db),
    }),
  }
}

function operations(kind: Operation['kind'], methods: Readonly<Record<string, (...args: never[]) => unknown>>): Operations {
  return Object.fromEntries(
    Object.entries(methods).map(([name, method]) => [name, { kind, run: (args: readonly never[]) => method(...args) }]),
  )
}
