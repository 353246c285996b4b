import type { Logger } from '@chat4all/base'
import type { Queries } from './database.ts'

/** Settings under which a commit that was acknowledged can be lost. CockroachDB knows neither, and always syncs. */
const SELECT_LOSSY = `
SELECT name, current_setting(name, true) AS value FROM unnest(ARRAY['fsync', 'synchronous_commit']) AS name
WHERE current_setting(name, true) = 'off'`

/** Says so when the server does not keep what the port promises. */
export async function warnOfLoss(queries: Queries, logger: Logger): Promise<void> {
  for (const { name, value } of await queries.query<{ readonly name: string; readonly value: string }>(SELECT_LOSSY)) {
    logger.warn({ setting: name, value }, 'PostgreSQL may lose acknowledged changes in a crash')
  }
}
