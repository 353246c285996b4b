import type { Migration } from './migrations.ts'

/** The tenant leads every key. Ids compare byte by byte. Metadata is JSON with sorted keys. Times are milliseconds since 1970.
 *  Constraints that errors.ts translates are named. */
const TABLES = `
CREATE TABLE tenants (
  tenant_id TEXT COLLATE "C" NOT NULL,
  name TEXT NOT NULL,
  created_at INT8 NOT NULL,
  CONSTRAINT tenants_pkey PRIMARY KEY (tenant_id)
);

CREATE TABLE api_clients (
  client_id TEXT COLLATE "C" PRIMARY KEY,
  tenant_id TEXT COLLATE "C" NOT NULL,
  name TEXT NOT NULL,
  role INT4 NOT NULL,
  secret_hash BYTEA NOT NULL,
  previous_secret_hash BYTEA,
  previous_secret_expires_at INT8,
  created_at INT8 NOT NULL,
  revoked_at INT8
);
CREATE INDEX api_clients_by_tenant ON api_clients (tenant_id, client_id);
CREATE INDEX api_clients_revoked ON api_clients (revoked_at) WHERE revoked_at IS NOT NULL;

CREATE TABLE users (
  tenant_id TEXT COLLATE "C" NOT NULL,
  user_id TEXT COLLATE "C" NOT NULL,
  display_name TEXT NOT NULL,
  metadata TEXT NOT NULL,
  created_at INT8 NOT NULL,
  updated_at INT8 NOT NULL,
  deactivated_at INT8,
  PRIMARY KEY (tenant_id, user_id)
);
CREATE INDEX users_deactivated ON users (deactivated_at) WHERE deactivated_at IS NOT NULL;

CREATE TABLE conversations (
  tenant_id TEXT COLLATE "C" NOT NULL,
  conversation_id TEXT COLLATE "C" NOT NULL,
  type INT4 NOT NULL,
  title TEXT NOT NULL,
  metadata TEXT NOT NULL,
  partition INT4 NOT NULL,
  private_pair TEXT COLLATE "C",
  member_count INT4 NOT NULL,
  member_version INT8 NOT NULL,
  version INT8 NOT NULL,
  created_at INT8 NOT NULL,
  updated_at INT8 NOT NULL,
  PRIMARY KEY (tenant_id, conversation_id)
);
CREATE UNIQUE INDEX conversations_by_pair ON conversations (tenant_id, private_pair) WHERE private_pair IS NOT NULL;

CREATE TABLE members (
  tenant_id TEXT COLLATE "C" NOT NULL,
  conversation_id TEXT COLLATE "C" NOT NULL,
  user_id TEXT COLLATE "C" NOT NULL,
  role INT4 NOT NULL,
  joined_at INT8 NOT NULL,
  PRIMARY KEY (tenant_id, conversation_id, user_id)
);

CREATE TABLE requests (
  tenant_id TEXT COLLATE "C" NOT NULL,
  request_key TEXT COLLATE "C" NOT NULL,
  conversation_id TEXT COLLATE "C" NOT NULL,
  fingerprint TEXT NOT NULL,
  CONSTRAINT requests_pkey PRIMARY KEY (tenant_id, request_key)
);

CREATE TABLE outbox (
  id INT8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id TEXT COLLATE "C" NOT NULL,
  conversation_id TEXT COLLATE "C" NOT NULL,
  partition INT4 NOT NULL,
  key TEXT COLLATE "C" NOT NULL UNIQUE,
  record BYTEA NOT NULL
);
CREATE INDEX outbox_by_conversation ON outbox (conversation_id, id);

CREATE TABLE signing_keys (
  number INT8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  key_id TEXT COLLATE "C" NOT NULL UNIQUE,
  private_jwk TEXT NOT NULL,
  created_at INT8 NOT NULL,
  retired_at INT8,
  expires_at INT8
);

CREATE TABLE revoked_tokens (
  token_id TEXT COLLATE "C" PRIMARY KEY,
  expires_at INT8 NOT NULL
);
CREATE INDEX revoked_tokens_by_expiry ON revoked_tokens (expires_at);
`

export const migrations: readonly Migration[] = [{ version: 1, name: 'directory', sql: TABLES }]
