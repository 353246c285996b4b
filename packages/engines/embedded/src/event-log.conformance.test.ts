import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventLogConformance } from '@chat4all/ports/conformance'
import { afterAll } from 'vitest'
import { SqliteEventLog } from './event-log.ts'

const folder = await mkdtemp(join(tmpdir(), 'event-log-'))
eventLogConformance('SQLite', { open: () => SqliteEventLog.open(join(folder, 'event-log.db'), { partitions: 2 }) })
afterAll(() => rm(folder, { recursive: true, force: true }))
