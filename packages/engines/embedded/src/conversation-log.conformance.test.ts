import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { conversationLogConformance } from '@chat4all/ports/conformance'
import { afterAll } from 'vitest'
import { SqliteConversationLog } from './conversation-log.ts'

const folder = await mkdtemp(join(tmpdir(), 'conversation-log-'))
conversationLogConformance('SQLite', { open: () => SqliteConversationLog.open(join(folder, 'conversation-log.db'), { partitions: 3 }) })
afterAll(() => rm(folder, { recursive: true, force: true }))
