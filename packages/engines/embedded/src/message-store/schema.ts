import type { Migration } from '../sqlite/migrations.ts'

/** Tenants and conversations have a number, so that the rows of messages and their indexes stay small.
 *
 *  `messages` is a rowid table with two indexes: clustered by conversation (WITHOUT ROWID), inserts cost three to four
 *  times as much. `changes` holds the durable changes that are no new messages; `sequence_at` is the number of messages
 *  at that change, which gives every revision its place without a row per message:
 *  with the last change (r, s) at or below a revision n, messages up to n = s + (n - r).
 *  The last change that expired stays as a row without `at`: what is below it is unknown. */
const TABLES = `
CREATE TABLE tenants (
  no INTEGER PRIMARY KEY,
  tenant_id TEXT NOT NULL UNIQUE
) STRICT;

-- 'applies' counts what was applied; it goes back when a commit fails.
CREATE TABLE partitions (
  partition INTEGER PRIMARY KEY,
  settled INTEGER NOT NULL DEFAULT 0,
  checkpoint INTEGER NOT NULL DEFAULT 0,
  applies INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE conversations (
  no INTEGER PRIMARY KEY,
  tenant INTEGER NOT NULL,
  conversation_id TEXT NOT NULL,
  partition INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  position INTEGER NOT NULL,
  active_at INTEGER NOT NULL,
  member_count INTEGER NOT NULL,
  receipts_at INTEGER NOT NULL DEFAULT 0,
  changes_floor INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX conversations_by_id ON conversations (tenant, conversation_id);
CREATE INDEX conversations_of_tenant ON conversations (tenant);

CREATE TABLE messages (
  conversation INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  tenant INTEGER NOT NULL,
  message_id BLOB NOT NULL,
  revision INTEGER NOT NULL,
  position INTEGER NOT NULL,
  accepted_at INTEGER NOT NULL,
  sender TEXT NOT NULL,
  data BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX messages_by_sequence ON messages (conversation, sequence);
CREATE UNIQUE INDEX messages_by_id ON messages (tenant, message_id);

CREATE TABLE edits (
  conversation INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  replaced_at INTEGER NOT NULL,
  data BLOB NOT NULL,
  PRIMARY KEY (conversation, sequence, revision)
) STRICT, WITHOUT ROWID;

CREATE TABLE changes (
  conversation INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  sequence_at INTEGER NOT NULL,
  position INTEGER NOT NULL,
  at INTEGER,
  sequence INTEGER,
  event BLOB,
  PRIMARY KEY (conversation, revision)
) STRICT, WITHOUT ROWID;
CREATE INDEX changes_by_time ON changes (at) WHERE at IS NOT NULL;

-- Members who left keep their row, so that they can be told.
CREATE TABLE members (
  conversation INTEGER NOT NULL,
  user_id TEXT NOT NULL,
  tenant INTEGER NOT NULL,
  role INTEGER NOT NULL,
  joined_sequence INTEGER NOT NULL,
  left_revision INTEGER,
  left_sequence INTEGER,
  PRIMARY KEY (conversation, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_by_user ON members (tenant, user_id);

CREATE TABLE receipts (
  conversation INTEGER NOT NULL,
  user_id TEXT NOT NULL,
  delivered_through INTEGER NOT NULL,
  delivered_at INTEGER NOT NULL,
  read_through INTEGER NOT NULL,
  read_at INTEGER NOT NULL,
  PRIMARY KEY (conversation, user_id)
) STRICT, WITHOUT ROWID;

-- When a watermark reached what. 'kind': 1 delivered, 2 read.
CREATE TABLE receipt_events (
  conversation INTEGER NOT NULL,
  user_id TEXT NOT NULL,
  kind INTEGER NOT NULL,
  through INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (conversation, user_id, kind, through)
) STRICT, WITHOUT ROWID;
`

/** How far a partition is settled follows from its conversations, and the writer of the file knows it: a page less to write for each batch. */
const SETTLED_BY_CONVERSATIONS = `
ALTER TABLE partitions DROP COLUMN settled;
ALTER TABLE partitions DROP COLUMN applies;
`

export const migrations: readonly Migration[] = [
  { version: 1, name: 'messages', sql: TABLES },
  { version: 2, name: 'settled by conversations', sql: SETTLED_BY_CONVERSATIONS },
]
