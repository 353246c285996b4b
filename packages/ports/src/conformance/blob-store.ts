import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { partBytes, partCount } from '../blob-rules.ts'
import {
  type BlobContent,
  BlobMissing,
  BlobSizeMismatch,
  type BlobStore,
  type BlobUpload,
  MAX_PART_BYTES,
  MIN_PART_BYTES,
  PartsMissing,
  UploadGone,
} from '../blob-store.ts'

/** What the suite needs of an engine. */
export interface BlobStoreFixture {
  /** Opens the engine on the same storage each time. The suite disposes of what it opened before it opens again. */
  open(): Promise<BlobStore>
}

const PIECE = 256 * 1024

let count = 0
/** A folder for the keys of one test: tests share one storage. */
function folder(): string {
  count += 1
  return `t/test-${String(count).padStart(4, '0')}`
}

/** Bytes that depend on the seed and on where they stand. */
function bytesOf(size: number, seed = 0): Buffer {
  const block = createHash('shake256', { outputLength: 4093 }).update(String(seed)).digest()
  return Buffer.alloc(size, block)
}

async function* streamOf(bytes: Uint8Array): BlobContent & AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE)
}

async function collect(content: BlobContent): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(content))
}

/** Cases of the BlobStore contract. */
export function blobStoreConformance(engine: string, fixture: BlobStoreFixture): void {
  describe(`BlobStore on ${engine}`, () => {
    let store: BlobStore
    beforeAll(async () => {
      store = await fixture.open()
    })
    afterAll(() => store[Symbol.asyncDispose]())

    const create = (key: string, bytes: Uint8Array) => store.create(key, streamOf(bytes), bytes.length)
    const keysOf = async (prefix: string, after?: string) => (await Array.fromAsync(store.list(prefix, after))).map(({ key }) => key)

    describe('blobs', () => {
      it.each([0, 1, PIECE - 1, 3 * PIECE + 17])('gives back %i bytes as they were', async (size) => {
        const key = `${folder()}/blob`
        const before = Date.now()
        expect(await create(key, bytesOf(size))).toBe('created')
        expect((await collect(store.read(key))).equals(bytesOf(size))).toBe(true)
        const info = await store.head(key)
        expect(info).toMatchObject({ key, size })
        expect(info!.createdAt).toBeGreaterThan(before - 5000)
        expect(info!.createdAt).toBeLessThan(Date.now() + 5000)
      })

      it('has nothing at a key before something is created', async () => {
        const key = `${folder()}/none`
        expect(await store.head(key)).toBeUndefined()
        await expect(collect(store.read(key))).rejects.toThrow(BlobMissing)
        await expect(collect(store.read(key, { offset: 5, length: 1 }))).rejects.toThrow(BlobMissing)
      })

      it('has nothing at a key that others go on from', async () => {
        const prefix = folder()
        await create(`${prefix}/blob`, bytesOf(1))
        expect(await store.head(prefix)).toBeUndefined()
        await expect(collect(store.read(prefix))).rejects.toThrow(BlobMissing)
      })

      it('leaves a blob that exists as it is', async () => {
        const key = `${folder()}/blob`
        await create(key, bytesOf(1000, 1))
        expect(await create(key, bytesOf(2000, 2))).toBe('existed')
        expect((await collect(store.read(key))).equals(bytesOf(1000, 1))).toBe(true)
      })

      it('lets one of many that create the same key win', async () => {
        const key = `${folder()}/blob`
        const contents = Array.from({ length: 12 }, (_, seed) => bytesOf(PIECE + seed, seed))
        const outcomes = await Promise.all(contents.map((bytes) => create(key, bytes)))
        expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(1)
        const winner = contents[outcomes.indexOf('created')]!
        expect((await collect(store.read(key))).equals(winner)).toBe(true)
      })

      it('stores nothing of content that is shorter or longer than said', async () => {
        const key = `${folder()}/blob`
        for (const size of [2 * PIECE - 1, 2 * PIECE + 1]) {
          await expect(store.create(key, streamOf(bytesOf(2 * PIECE)), size)).rejects.toThrow(BlobSizeMismatch)
          expect(await store.head(key)).toBeUndefined()
        }
        expect(await create(key, bytesOf(1))).toBe('created')
      })

      it('stores nothing of content that fails, and throws its error on', async () => {
        const key = `${folder()}/blob`
        const failure = new Error('the sender went away')
        async function* failing() {
          yield bytesOf(PIECE)
          throw failure
        }
        await expect(store.create(key, failing(), 2 * PIECE)).rejects.toBe(failure)
        expect(await store.head(key)).toBeUndefined()
      })

      it('stops at once, and stores nothing, when the signal aborts while content is awaited', async () => {
        const key = `${folder()}/blob`
        const controller = new AbortController()
        const reason = new Error('deadline')
        async function* stuck() {
          yield bytesOf(PIECE)
          controller.abort(reason)
          await new Promise(() => {})
        }
        await expect(store.create(key, stuck(), 2 * PIECE, controller.signal)).rejects.toBe(reason)
        expect(await store.head(key)).toBeUndefined()
        await expect(store.head(key, controller.signal)).rejects.toBe(reason)
        await expect(collect(store.read(key, undefined, controller.signal))).rejects.toBe(reason)
      })

      it('deletes a blob, once or repeatedly, and its key is free again', async () => {
        const key = `${folder()}/blob`
        await create(key, bytesOf(10, 1))
        await store.delete(key)
        await store.delete(key)
        expect(await store.head(key)).toBeUndefined()
        expect(await create(key, bytesOf(20, 2))).toBe('created')
        expect((await collect(store.read(key))).equals(bytesOf(20, 2))).toBe(true)
      })

      it.each(['', '/a', 'a/', 'a//b', '../a', 'a/./b', 'a b', 'ä'])('refuses the key %j', async (key) => {
        await expect(store.create(key, streamOf(bytesOf(1)), 1)).rejects.toThrow(RangeError)
        await expect(store.head(key)).rejects.toThrow(RangeError)
        await expect(collect(store.read(key))).rejects.toThrow(RangeError)
        await expect(store.delete(key)).rejects.toThrow(RangeError)
        await expect(store.startUpload(key, { size: 1, partSize: MIN_PART_BYTES })).rejects.toThrow(RangeError)
      })

      it.each([-1, 0.5, MAX_PART_BYTES + 1])('refuses to create %d bytes at once', async (size) => {
        await expect(store.create(`${folder()}/blob`, streamOf(bytesOf(1)), size)).rejects.toThrow(RangeError)
      })
    })

    describe('ranges', () => {
      const bytes = bytesOf(2 * PIECE + 5)
      const key = `${folder()}/blob`
      beforeAll(() => create(key, bytes))

      it.each([
        [0, 1],
        [0, bytes.length],
        [PIECE - 1, 2],
        [bytes.length - 1, 1],
        [bytes.length - 1, 1000],
        [0, bytes.length + 1000],
        [bytes.length, 1],
        [bytes.length + 1000, 1000],
      ])('gives what there is from %i, at most %i bytes', async (offset, length) => {
        const range = await collect(store.read(key, { offset, length }))
        expect(range.equals(bytes.subarray(offset, offset + length))).toBe(true)
      })

      it('gives nothing of an empty blob', async () => {
        const empty = `${folder()}/empty`
        await create(empty, bytesOf(0))
        expect(await collect(store.read(empty, { offset: 0, length: 10 }))).toHaveLength(0)
      })

      it.each([
        [-1, 1],
        [0, 0],
        [0.5, 1],
      ])('refuses a range from %d of %d bytes', async (offset, length) => {
        await expect(collect(store.read(key, { offset, length }))).rejects.toThrow(RangeError)
      })

      it('ends when its reader leaves, again and again', async () => {
        for (let round = 0; round < 60; round++) for await (const piece of store.read(key)) if (piece.length > 0) break
        expect((await collect(store.read(key))).equals(bytes)).toBe(true)
      })

      it('ends with the reason when the signal aborts in between', async () => {
        const large = `${folder()}/large`
        await create(large, bytesOf(16 * 1024 * 1024))
        const controller = new AbortController()
        const reason = new Error('enough')
        const read = async () => {
          for await (const _ of store.read(large, undefined, controller.signal)) controller.abort(reason)
        }
        await expect(read()).rejects.toBe(reason)
      })
    })

    describe('lists', () => {
      it('list the blobs of a prefix by the bytes of their keys', async () => {
        const prefix = folder()
        const names = ['A', '_', 'a-b', 'a.b', 'a/1', 'a/2/x', 'a/2/y', 'a0', 'a=', 'b', 'c/d/e/f'].map((name) => `${prefix}/${name}`)
        for (const key of names.toReversed()) await create(key, bytesOf(key.length))
        const sorted = names.toSorted((a, b) => (a < b ? -1 : 1))
        const infos = await Array.fromAsync(store.list(`${prefix}/`))
        expect(infos.map(({ key }) => key)).toEqual(sorted)
        expect(infos.map(({ size }) => size)).toEqual(sorted.map((key) => key.length))
        expect(infos.every(({ createdAt }) => Math.abs(createdAt - Date.now()) < 60_000)).toBe(true)
        for (const start of ['a', 'a/', 'a/2', 'a/2/x', 'c/d', 'd']) {
          expect(await keysOf(`${prefix}/${start}`)).toEqual(sorted.filter((key) => key.startsWith(`${prefix}/${start}`)))
        }
        for (const after of sorted) expect(await keysOf(`${prefix}/`, after)).toEqual(sorted.slice(sorted.indexOf(after) + 1))
        expect(await keysOf(`${prefix}/`, `${prefix}/a/2`)).toEqual(sorted.filter((key) => key > `${prefix}/a/2`))
      })

      it('list more than fits on one page', { timeout: 120_000 }, async () => {
        const prefix = folder()
        const names = Array.from({ length: 1100 }, (_, n) => `${prefix}/${String(n).padStart(4, '0')}`)
        for (let n = 0; n < names.length; n += 50) await Promise.all(names.slice(n, n + 50).map((key) => create(key, bytesOf(1))))
        expect(await keysOf(prefix)).toEqual(names)
      })

      it('list neither uploads nor what was deleted', async () => {
        const prefix = folder()
        await create(`${prefix}/deleted`, bytesOf(1))
        await store.delete(`${prefix}/deleted`)
        await store.startUpload(`${prefix}/upload`, { size: 1, partSize: MIN_PART_BYTES })
        expect(await keysOf(prefix)).toEqual([])
        expect(await keysOf(`${prefix}/nothing/`)).toEqual([])
      })
    })

    describe('uploads', () => {
      const size = 2 * MIN_PART_BYTES + 123
      const whole = bytesOf(size, 7)
      const start = (key = `${folder()}/blob`) => store.startUpload(key, { size, partSize: MIN_PART_BYTES })
      const contentOf = (upload: BlobUpload, number: number, from = whole) => {
        const at = (number - 1) * upload.partSize
        return streamOf(from.subarray(at, at + partBytes(upload, number)))
      }
      const write = (upload: BlobUpload, numbers: readonly number[], from = whole) =>
        Promise.all(numbers.map((number) => store.writePart(upload, number, contentOf(upload, number, from))))

      it('become a blob when they are complete, whatever order the parts came in', async () => {
        const upload = await start()
        expect(upload).toMatchObject({ size, partSize: MIN_PART_BYTES })
        for (const number of [3, 1]) await write(upload, [number])
        expect(await store.listParts(upload)).toEqual([
          { number: 1, size: MIN_PART_BYTES },
          { number: 3, size: 123 },
        ])
        await write(upload, [2])
        expect(await store.head(upload.key)).toBeUndefined()
        expect(await store.completeUpload(upload)).toBe('created')
        expect(await store.head(upload.key)).toMatchObject({ size })
        expect((await collect(store.read(upload.key))).equals(whole)).toBe(true)
        const range = await collect(store.read(upload.key, { offset: MIN_PART_BYTES - 10, length: 20 }))
        expect(range.equals(whole.subarray(MIN_PART_BYTES - 10, MIN_PART_BYTES + 10))).toBe(true)
      })

      it('may have one small part only', async () => {
        const upload = await store.startUpload(`${folder()}/blob`, { size: 3, partSize: MIN_PART_BYTES })
        expect(partCount(upload)).toBe(1)
        await store.writePart(upload, 1, streamOf(bytesOf(3)))
        expect(await store.completeUpload(upload)).toBe('created')
        expect((await collect(store.read(upload.key))).equals(bytesOf(3))).toBe(true)
      })

      it('say existed when completed again, and are gone', async () => {
        const upload = await start()
        await write(upload, [1, 2, 3])
        await store.completeUpload(upload)
        expect(await store.completeUpload(upload)).toBe('existed')
        await expect(write(upload, [1])).rejects.toThrow(UploadGone)
        await expect(store.listParts(upload)).rejects.toThrow(UploadGone)
        await store.abortUpload(upload)
        expect(await store.head(upload.key)).toMatchObject({ size })
      })

      it('leave a blob that exists as it is, and are gone', async () => {
        const upload = await start()
        await write(upload, [1, 2, 3])
        await create(upload.key, bytesOf(5))
        expect(await store.completeUpload(upload)).toBe('existed')
        expect((await collect(store.read(upload.key))).equals(bytesOf(5))).toBe(true)
        await expect(store.listParts(upload)).rejects.toThrow(UploadGone)
      })

      it('let one of two uploads of the same key win', async () => {
        const key = `${folder()}/blob`
        const uploads = [await start(key), await start(key)] as const
        const others = bytesOf(size, 8)
        await write(uploads[0], [1, 2, 3])
        await write(uploads[1], [1, 2, 3], others)
        const outcomes = await Promise.all(uploads.map((upload) => store.completeUpload(upload)))
        expect(outcomes.toSorted()).toEqual(['created', 'existed'])
        expect((await collect(store.read(key))).equals(outcomes[0] === 'created' ? whole : others)).toBe(true)
      })

      it('cannot be completed before all parts are there', async () => {
        const upload = await start()
        await expect(store.completeUpload(upload)).rejects.toThrow(new PartsMissing([1, 2, 3]))
        await write(upload, [2])
        await expect(store.completeUpload(upload)).rejects.toMatchObject({ numbers: [1, 3] })
        expect(await store.head(upload.key)).toBeUndefined()
        await write(upload, [1, 3])
        expect(await store.completeUpload(upload)).toBe('created')
      })

      it('replace a part that is written again', async () => {
        const upload = await start()
        await write(upload, [1, 2, 3], bytesOf(size, 99))
        await write(upload, [1, 2, 3])
        await store.completeUpload(upload)
        expect((await collect(store.read(upload.key))).equals(whole)).toBe(true)
      })

      it('keep a part whole when two write it at the same time', async () => {
        const upload = await start()
        const versions = [whole, bytesOf(size, 5), bytesOf(size, 6)]
        await write(upload, [2, 3])
        await Promise.all(versions.map((from) => write(upload, [1], from)))
        await store.completeUpload(upload)
        const first = (await collect(store.read(upload.key))).subarray(0, MIN_PART_BYTES)
        expect(versions.some((from) => first.equals(from.subarray(0, MIN_PART_BYTES)))).toBe(true)
      })

      it('keep the part they have when its replacement is shorter or longer than said, or fails', async () => {
        const upload = await start()
        await write(upload, [1, 2, 3])
        const failure = new Error('the sender went away')
        async function* failing() {
          yield bytesOf(10)
          throw failure
        }
        await expect(store.writePart(upload, 3, streamOf(bytesOf(122)))).rejects.toThrow(BlobSizeMismatch)
        await expect(store.writePart(upload, 3, streamOf(bytesOf(124)))).rejects.toThrow(BlobSizeMismatch)
        await expect(store.writePart(upload, 3, failing())).rejects.toBe(failure)
        await store.completeUpload(upload)
        expect((await collect(store.read(upload.key))).equals(whole)).toBe(true)
      })

      it.each([0, 4, 1.5])('have no part %d', async (number) => {
        await expect(store.writePart(await start(), number, streamOf(bytesOf(1)))).rejects.toThrow(RangeError)
      })

      it('refuse sizes beyond the limits', async () => {
        const key = `${folder()}/blob`
        for (const sizes of [
          { size: 0, partSize: MIN_PART_BYTES },
          { size: 1, partSize: MIN_PART_BYTES - 1 },
          { size: 1, partSize: MAX_PART_BYTES + 1 },
          { size: 1001 * MIN_PART_BYTES, partSize: MIN_PART_BYTES },
        ]) {
          await expect(store.startUpload(key, sizes)).rejects.toThrow(RangeError)
        }
      })

      it('are gone when they are aborted, once or repeatedly', async () => {
        const upload = await start()
        await write(upload, [1])
        await store.abortUpload(upload)
        await store.abortUpload(upload)
        await expect(write(upload, [2])).rejects.toThrow(UploadGone)
        await expect(store.listParts(upload)).rejects.toThrow(UploadGone)
        await expect(store.completeUpload(upload)).rejects.toThrow(UploadGone)
      })

      it('are listed until they are completed or aborted', async () => {
        const prefix = folder()
        const [open, aborted, completed] = await Promise.all(['open', 'aborted', 'completed'].map((name) => start(`${prefix}/${name}`)))
        await write(completed!, [1, 2, 3])
        const listed = async (start: string) => (await Array.fromAsync(store.listUploads(start))).map(({ uploadId }) => uploadId)
        expect((await listed(prefix)).toSorted()).toEqual([open!, aborted!, completed!].map(({ uploadId }) => uploadId).toSorted())
        expect(await listed(`${prefix}/op`)).toEqual([open!.uploadId])
        await store.completeUpload(completed!)
        await store.abortUpload(aborted!)
        const rest = await Array.fromAsync(store.listUploads(prefix))
        expect(rest).toMatchObject([{ key: open!.key, uploadId: open!.uploadId }])
        expect(Math.abs(rest[0]!.startedAt - Date.now())).toBeLessThan(60_000)
      })

      it.each(['../../t', '.', 'no-such-upload', '0b6a6b0e-6f0e-4b0e-8f0e-6f0e4b0e8f0e'])(
        'are gone when they never were: %s',
        async (uploadId) => {
          const never = { ...(await start()), uploadId }
          await expect(store.listParts(never)).rejects.toThrow(UploadGone)
          await expect(write(never, [3])).rejects.toThrow(UploadGone)
          await expect(store.completeUpload(never)).rejects.toThrow(UploadGone)
          await store.abortUpload(never)
        },
      )

      it('belong to their key', async () => {
        const upload = await start()
        const stolen = { ...upload, key: `${folder()}/other` }
        await expect(write(stolen, [3])).rejects.toThrow(UploadGone)
        await expect(store.listParts(stolen)).rejects.toThrow(UploadGone)
        await store.abortUpload(stolen)
        expect(await store.listParts(upload)).toEqual([])
      })
    })

    it('has everything again after it is opened anew', async () => {
      const prefix = folder()
      await create(`${prefix}/blob`, bytesOf(1000))
      const size = MIN_PART_BYTES + 1
      const upload = await store.startUpload(`${prefix}/upload`, { size, partSize: MIN_PART_BYTES })
      await store.writePart(upload, 1, streamOf(bytesOf(size).subarray(0, MIN_PART_BYTES)))
      await store[Symbol.asyncDispose]()
      store = await fixture.open()
      expect((await collect(store.read(`${prefix}/blob`))).equals(bytesOf(1000))).toBe(true)
      expect(await store.listParts(upload)).toEqual([{ number: 1, size: MIN_PART_BYTES }])
      await store.writePart(upload, 2, streamOf(bytesOf(size).subarray(MIN_PART_BYTES)))
      expect(await store.completeUpload(upload)).toBe('created')
      expect((await collect(store.read(upload.key))).equals(bytesOf(size))).toBe(true)
    })
  })
}
