import { DatabaseSync } from 'node:sqlite'
import { storeFile } from '@chat4all/testkit'

/** Messages in the store: rows, different ids, and the sum of the last sequences. All are the same number when nothing is wrong. */
export interface RowCounts {
  readonly rows: number
  readonly ids: number
  readonly heads: number
}

export function countRows(dataDir: string): RowCounts {
  const db = new DatabaseSync(storeFile(dataDir, 'messages'), { readOnly: true, timeout: 5_000 })
  try {
    const sql =
      'SELECT count(*) AS rows, count(DISTINCT message_id) AS ids, (SELECT coalesce(sum(sequence), 0) FROM conversations) AS heads FROM messages'
    return { ...(db.prepare(sql).get() as unknown as RowCounts) }
  } finally {
    db.close()
  }
}
