import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { messageStoreConformance } from '@chat4all/ports/conformance'
import { afterAll } from 'vitest'
import { SqliteMessageStore } from './message-store.ts'

const folder = await mkdtemp(join(tmpdir(), 'message-store-'))
messageStoreConformance('SQLite', () => SqliteMessageStore.open(join(folder, 'messages.db')))
afterAll(() => rm(folder, { recursive: true, force: true }))
