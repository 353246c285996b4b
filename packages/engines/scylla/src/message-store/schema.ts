import type { Migration } from '../cql/migrate.ts'

/** Tables for ScyllaDB and Apache Cassandra 5; only what both take. What grows with what:
 *
 *  - `conversations`: one partition per conversation: its head (static) and a row of some 150 bytes per user who is or
 *    was a member. Only the head and what the log says of members must change at once, so they share a partition.
 *  - `messages`, `message_edits`: partitions of 1,024 messages of a conversation (some MiB, 64 MiB at most).
 *  - `changes`: a row of some 60 bytes per revision, in partitions of 4,096; expired ones are deleted.
 *  - `message_ids`: a partition per message. `message_updates`: empty but for moments.
 *  - `receipt_events`: a partition per conversation and member, with a row per raise of a watermark.
 *  - `user_conversations`: a partition per user, with a row per conversation the user ever was in.
 *  - `tenant_conversations`: 32 partitions per tenant, with a row per conversation.
 *  - `change_days`, `changed_conversations`: a row per day, and one per conversation with changes on it; deleted when expired.
 *  - `log_partitions`, `progress`: a row per partition of the log.
 *
 *  No secondary indexes, views, counters or conditional writes: all rows are overwrites with a timestamp that
 *  follows from what they say, so that an older write never wins, whenever it arrives. */
const TABLES = [
  `CREATE TABLE IF NOT EXISTS conversations (
     tenant_id text, conversation_id text, user_id text,
     log_partition int static, last_sequence bigint static, last_revision bigint static, position bigint static,
     active_at bigint static, member_count int static, pending frozen<list<bigint>> static,
     changes_floor bigint static, receipts_at bigint static,
     role int, joined_sequence bigint, left_revision bigint, left_sequence bigint,
     delivered_through bigint, delivered_at bigint, read_through bigint, read_at bigint,
     PRIMARY KEY ((tenant_id, conversation_id), user_id)
   ) WITH compaction = {'class': 'LeveledCompactionStrategy'}`,
  `CREATE TABLE IF NOT EXISTS messages (
     tenant_id text, conversation_id text, bucket bigint, sequence bigint,
     message_id uuid, revision bigint, position bigint, accepted_at bigint, sender text, data blob,
     PRIMARY KEY ((tenant_id, conversation_id, bucket), sequence))`,
  `CREATE TABLE IF NOT EXISTS message_ids (
     tenant_id text, message_id uuid, conversation_id text, sequence bigint, log_partition int, position bigint,
     PRIMARY KEY ((tenant_id, message_id)))`,
  `CREATE TABLE IF NOT EXISTS message_updates (
     tenant_id text, conversation_id text, revision bigint, sequence bigint, data blob, erase_edits boolean,
     PRIMARY KEY ((tenant_id, conversation_id, revision)))`,
  `CREATE TABLE IF NOT EXISTS message_edits (
     tenant_id text, conversation_id text, bucket bigint, sequence bigint, revision bigint, replaced_at bigint, data blob,
     PRIMARY KEY ((tenant_id, conversation_id, bucket), sequence, revision))`,
  `CREATE TABLE IF NOT EXISTS changes (
     tenant_id text, conversation_id text, bucket bigint, revision bigint,
     kind int, position bigint, at bigint, sequence bigint, event blob,
     PRIMARY KEY ((tenant_id, conversation_id, bucket), revision))`,
  `CREATE TABLE IF NOT EXISTS receipt_events (
     tenant_id text, conversation_id text, user_id text, kind int, through bigint, at bigint,
     PRIMARY KEY ((tenant_id, conversation_id, user_id), kind, through))`,
  `CREATE TABLE IF NOT EXISTS user_conversations (
     tenant_id text, user_id text, conversation_id text, log_partition int, left_position bigint,
     PRIMARY KEY ((tenant_id, user_id), conversation_id)
   ) WITH compaction = {'class': 'LeveledCompactionStrategy'}`,
  `CREATE TABLE IF NOT EXISTS tenant_conversations (
     tenant_id text, shard int, conversation_id text,
     PRIMARY KEY ((tenant_id, shard), conversation_id))`,
  'CREATE TABLE IF NOT EXISTS change_days (log_partition int, day bigint, PRIMARY KEY (log_partition, day))',
  `CREATE TABLE IF NOT EXISTS changed_conversations (
     log_partition int, day bigint, tenant_id text, conversation_id text, revision bigint,
     PRIMARY KEY ((log_partition, day), tenant_id, conversation_id))`,
  'CREATE TABLE IF NOT EXISTS log_partitions (registry text, log_partition int, PRIMARY KEY (registry, log_partition))',
  'CREATE TABLE IF NOT EXISTS progress (log_partition int PRIMARY KEY, settled bigint, checkpoint bigint)',
]

export const migrations: readonly Migration[] = [{ version: 1, name: 'messages', statements: TABLES }]
