import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { directoryConformance } from '@chat4all/ports/conformance'
import { afterAll } from 'vitest'
import { SqliteDirectory } from './directory.ts'

const folder = await mkdtemp(join(tmpdir(), 'directory-'))
directoryConformance('SQLite', { open: () => SqliteDirectory.open(join(folder, 'directory.db')) })
afterAll(() => rm(folder, { recursive: true, force: true }))
