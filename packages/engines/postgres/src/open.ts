import { type Logger, silentLogger } from '@chat4all/base'
import type { Directory } from '@chat4all/ports'
import { type ClientConfig, Pool } from 'pg'
import { apiClientMethods } from './api-clients.ts'
import { conversationReads } from './conversation-reads.ts'
import { conversationWrites } from './conversation-writes.ts'
import { Database } from './database.ts'
import { warnOfLoss } from './durability.ts'
import { signingKeyMethods } from './keys.ts'
import { migrate } from './migrations.ts'
import { outboxMethods } from './outbox.ts'
import { revokedTokenMethods } from './revoked-tokens.ts'
import { migrations } from './schema.ts'
import { tenantMethods } from './tenants.ts'
import { userMethods } from './users.ts'

/** How long a call waits for a free connection, and for a new one. */
const CONNECT_MS = 5_000
const LOCK_MS = 4_000
/** The server gives up on a statement. */
const STATEMENT_MS = 5_000
/** The client gives up on a server that says nothing, and closes the connection. */
const ANSWER_MS = 7_000
/** The server undoes the transaction of a process that stopped in the middle, and others may have its rows. */
const IDLE_IN_TRANSACTION_MS = 5_000

export interface PostgresDirectoryOptions {
  /** `postgres://user:password@host:port/database`, with `?sslmode=verify-full` and so on. */
  readonly url: string
  /** Connections at the same time, at most. All processes together must stay below the server's `max_connections`. */
  readonly poolSize?: number
  readonly logger?: Logger
}

/** Opens the directory in a PostgreSQL database, after bringing its schema to the newest version.
 *  Throws `EngineUnavailable` when the server is not there. */
export async function openPostgresDirectory({ url, poolSize = 10, logger = silentLogger }: PostgresDirectoryOptions): Promise<Directory> {
  const connection = { connectionString: url, connectionTimeoutMillis: CONNECT_MS, keepAlive: true, application_name: 'chat4all' }
  await migrate(connection, migrations)
  const db = new Database(openPool(connection, poolSize, logger))
  await warnOfLoss(db, logger)
  return {
    ...tenantMethods(db),
    ...apiClientMethods(db),
    ...userMethods(db),
    ...conversationReads(db),
    ...conversationWrites(db),
    ...outboxMethods(db),
    ...signingKeyMethods(db),
    ...revokedTokenMethods(db),
    [Symbol.asyncDispose]: () => db[Symbol.asyncDispose](),
  }
}

function openPool(connection: ClientConfig, max: number, logger: Logger): Pool {
  const pool = new Pool({
    ...connection,
    max,
    idleTimeoutMillis: 60_000,
    lock_timeout: LOCK_MS,
    statement_timeout: STATEMENT_MS,
    query_timeout: ANSWER_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
  })
  pool.on('error', (error) => logger.warn({ err: error }, 'an idle connection broke'))
  // Between two statements of a transaction nobody listens, and the next statement fails.
  pool.on('connect', (client) => client.on('error', () => {}))
  return pool
}
