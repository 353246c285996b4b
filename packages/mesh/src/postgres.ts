import { type Logger, z } from '@chat4all/base'
import { openPostgresDirectory } from '@chat4all/engine-postgres'
import type { Directory } from '@chat4all/ports'

/** The environment of services on PostgreSQL. */
export const postgresEnv = {
  /** `postgres://user:password@host:port/database`. */
  CHAT4ALL_POSTGRES_URL: z.url({ protocol: /^postgres(ql)?$/ }),
}

export interface PostgresEnv {
  readonly CHAT4ALL_POSTGRES_URL: string
}

export function openPostgres(env: PostgresEnv, logger: Logger): Promise<Directory> {
  return openPostgresDirectory({ url: env.CHAT4ALL_POSTGRES_URL, logger })
}
