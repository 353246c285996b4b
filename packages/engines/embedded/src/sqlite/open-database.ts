import { DatabaseSync } from 'node:sqlite'

/** Opens a database file with the settings that every file of this engine has. */
export function openDatabase(file: string, readOnly: boolean): DatabaseSync {
  const db = new DatabaseSync(file, { readOnly, timeout: 5_000, enableForeignKeyConstraints: true })
  db.exec('PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY')
  if (!readOnly) db.exec(WRITER_SETTINGS)
  return db
}

/** FULL is what makes a commit survive power loss in WAL mode. The Checkpointer keeps WALs short; where it falls behind, commits do it from 64 MB on, and a WAL that a long read let grow is cut back to that. */
const WRITER_SETTINGS = `
  PRAGMA page_size = 4096;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA wal_autocheckpoint = 16000;
  PRAGMA journal_size_limit = 67108864;
`
