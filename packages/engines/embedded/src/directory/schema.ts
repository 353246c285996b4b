import type { Migration } from '../sqlite/migrations.ts'

/** Text is compared byte by byte. Metadata is JSON with sorted keys. Times are milliseconds since 1970. */
const TABLES = `
CREATE TABLE tenants (
  tenant_id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE api_clients (
  client_id TEXT PRIMARY KEY,
  tenant_id TEXT NOT NULL,
  name TEXT NOT NULL,
  role INTEGER NOT NULL,
  secret_hash BLOB NOT NULL,
  previous_secret_hash BLOB,
  previous_secret_expires_at INTEGER,
  created_at INTEGER NOT NULL,
  revoked_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX api_clients_by_tenant ON api_clients (tenant_id, client_id);
CREATE INDEX api_clients_revoked ON api_clients (revoked_at) WHERE revoked_at IS NOT NULL;

CREATE TABLE users (
  tenant_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  display_name TEXT NOT NULL,
  metadata TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deactivated_at INTEGER,
  PRIMARY KEY (tenant_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX users_deactivated ON users (deactivated_at) WHERE deactivated_at IS NOT NULL;

CREATE TABLE conversations (
  tenant_id TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  type INTEGER NOT NULL,
  title TEXT NOT NULL,
  metadata TEXT NOT NULL,
  partition INTEGER NOT NULL,
  private_pair TEXT,
  member_count INTEGER NOT NULL,
  member_version INTEGER NOT NULL,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, conversation_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX conversations_by_pair ON conversations (tenant_id, private_pair) WHERE private_pair IS NOT NULL;

CREATE TABLE members (
  tenant_id TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  role INTEGER NOT NULL,
  joined_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, conversation_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE requests (
  tenant_id TEXT NOT NULL,
  request_key TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  PRIMARY KEY (tenant_id, request_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant_id TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  partition INTEGER NOT NULL,
  key TEXT NOT NULL UNIQUE,
  record BLOB NOT NULL
) STRICT;
CREATE INDEX outbox_by_conversation ON outbox (conversation_id, id);

CREATE TABLE signing_keys (
  number INTEGER PRIMARY KEY,
  key_id TEXT NOT NULL UNIQUE,
  private_jwk TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  retired_at INTEGER,
  expires_at INTEGER
) STRICT;

CREATE TABLE revoked_tokens (
  token_id TEXT PRIMARY KEY,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX revoked_tokens_by_expiry ON revoked_tokens (expires_at);
`

export const migrations: readonly Migration[] = [{ version: 1, name: 'directory', sql: TABLES }]
