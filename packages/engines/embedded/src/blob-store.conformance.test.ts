import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { blobStoreConformance } from '@chat4all/ports/conformance'
import { afterAll } from 'vitest'
import { DiskBlobStore } from './blob-store.ts'

const folder = await mkdtemp(join(tmpdir(), 'blobs-'))
blobStoreConformance('a local disk', { open: () => DiskBlobStore.open(folder) })
afterAll(() => rm(folder, { recursive: true, force: true }))
