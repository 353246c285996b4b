import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EngineUnavailable, MIN_PART_BYTES } from '@chat4all/ports'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DiskBlobStore } from './blob-store.ts'

async function* content(length: number) {
  yield new Uint8Array(length)
}

describe('blobs on a local disk', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'blobs-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  const temporary = () => readdir(join(folder, 'temporary'))

  it('leave nothing temporary behind, whether they are created or not', async () => {
    const store = await DiskBlobStore.open(folder)
    await store.create('a', content(1), 1)
    await store.create('a', content(1), 1)
    await store.create('b', content(2), 1).catch(() => {})
    await store.create('a/below', content(1), 1).catch(() => {})
    const upload = await store.startUpload('c', { size: 1, partSize: MIN_PART_BYTES })
    await store.writePart(upload, 1, content(2)).catch(() => {})
    await store.writePart(upload, 1, content(1))
    await store.completeUpload(upload)
    await store.abortUpload(await store.startUpload('d', upload))
    expect(await temporary()).toEqual([])
    expect(await readdir(join(folder, 'uploads'))).toEqual([])
    expect((await readdir(join(folder, 'blobs'))).sort()).toEqual(['a', 'c'])
  })

  it('forget what a crash left behind a day ago, and nothing younger', async () => {
    await DiskBlobStore.open(folder)
    const [old, young] = ['old', 'young'].map((name) => join(folder, 'temporary', name))
    await mkdir(old!)
    await writeFile(join(old!, 'part'), 'x')
    await writeFile(young!, 'x')
    const yesterday = Date.now() / 1000 - 25 * 3600
    await utimes(old!, yesterday, yesterday)
    await DiskBlobStore.open(folder)
    expect(await temporary()).toEqual(['young'])
  })

  it('say EngineUnavailable when the disk is away', async () => {
    const store = await DiskBlobStore.open(folder)
    await rm(folder, { recursive: true })
    await expect(store.create('a', content(1), 1)).rejects.toThrow(EngineUnavailable)
    await expect(store.startUpload('a', { size: 1, partSize: MIN_PART_BYTES })).rejects.toThrow(EngineUnavailable)
  })
})
