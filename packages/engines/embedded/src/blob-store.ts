import { createReadStream } from 'node:fs'
import { readdir, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import {
  type BlobContent,
  type BlobCreation,
  type BlobInfo,
  type BlobKey,
  BlobMissing,
  type BlobPart,
  type BlobRange,
  type BlobStore,
  type BlobUpload,
  exactly,
  type OpenUpload,
  requireAllParts,
  requireBlobKey,
  requireBlobSize,
  requireRange,
  requireUploadSizes,
  UploadGone,
} from '@chat4all/ports'
import { makeFolders, moveUnlessTaken, syncFolder, writeTemporary } from './blob-store/durable-files.ts'
import { isMissing, toPortError, unlessMissing } from './blob-store/errors.ts'
import { fileInfo, listFiles } from './blob-store/list.ts'
import { Uploads } from './blob-store/uploads.ts'

const PIECE_BYTES = 256 * 1024
/** No call uses anything temporary for so long: whoever did is gone. */
const FORGOTTEN_MS = 24 * 3600_000

/** Blobs as files of a folder, their keys as paths. Content is written to a temporary file, synced, and then gets its name. */
export class DiskBlobStore implements BlobStore {
  readonly #blobs: string
  readonly #temporary: string
  readonly #uploads: Uploads

  private constructor(folder: string) {
    this.#blobs = join(folder, 'blobs')
    this.#temporary = join(folder, 'temporary')
    this.#uploads = new Uploads(join(folder, 'uploads'), this.#temporary)
  }

  /** Opens, or creates, the store in a folder. Several processes may use it at the same time. */
  static async open(folder: string): Promise<DiskBlobStore> {
    return await withPortErrors(undefined, async () => {
      for (const name of ['blobs', 'temporary', 'uploads']) await makeFolders(join(folder, name))
      await forgetTemporary(join(folder, 'temporary'))
      return new DiskBlobStore(folder)
    })
  }

  create(key: BlobKey, content: BlobContent, size: number, signal?: AbortSignal): Promise<BlobCreation> {
    return withPortErrors(signal, async () => {
      requireBlobKey(key)
      requireBlobSize(size)
      return await this.#create(key, exactly(content, size, signal))
    })
  }

  head(key: BlobKey, signal?: AbortSignal): Promise<BlobInfo | undefined> {
    return withPortErrors(signal, async () => {
      requireBlobKey(key)
      return await fileInfo(this.#blobs, key)
    })
  }

  async *read(key: BlobKey, range?: BlobRange, signal?: AbortSignal): BlobContent {
    requireBlobKey(key)
    if (range) requireRange(range)
    const ends = range ? { start: range.offset, end: range.offset + range.length - 1 } : {}
    try {
      signal?.throwIfAborted()
      yield* createReadStream(join(this.#blobs, key), { ...ends, highWaterMark: PIECE_BYTES, ...(signal ? { signal } : {}) })
    } catch (error) {
      signal?.throwIfAborted()
      throw isMissing(error) ? new BlobMissing(key) : toPortError(error)
    }
  }

  delete(key: BlobKey, signal?: AbortSignal): Promise<void> {
    return withPortErrors(signal, async () => {
      requireBlobKey(key)
      const path = join(this.#blobs, key)
      if (!(await fileInfo(this.#blobs, key))) return
      await rm(path, { force: true })
      await syncFolder(dirname(path))
    })
  }

  async *list(prefix: string, after: BlobKey = '', signal?: AbortSignal): AsyncIterable<BlobInfo> {
    try {
      yield* listFiles(this.#blobs, '', { prefix, after, signal })
    } catch (error) {
      throw toPortError(error)
    }
  }

  startUpload(key: BlobKey, sizes: Pick<BlobUpload, 'size' | 'partSize'>, signal?: AbortSignal): Promise<BlobUpload> {
    return withPortErrors(signal, async () => {
      requireBlobKey(key)
      requireUploadSizes(sizes)
      return { key, uploadId: await this.#uploads.start(key), size: sizes.size, partSize: sizes.partSize }
    })
  }

  writePart(upload: BlobUpload, number: number, content: BlobContent, signal?: AbortSignal): Promise<void> {
    return withPortErrors(signal, () => this.#uploads.writePart(upload, number, content, signal))
  }

  listParts(upload: BlobUpload, signal?: AbortSignal): Promise<readonly BlobPart[]> {
    return withPortErrors(signal, () => this.#uploads.parts(upload))
  }

  completeUpload(upload: BlobUpload, signal?: AbortSignal): Promise<BlobCreation> {
    return withPortErrors(signal, async () => {
      try {
        requireAllParts(upload, await this.#uploads.parts(upload))
        const creation = await this.#create(upload.key, exactly(this.#uploads.content(upload), upload.size, signal))
        await this.#uploads.forget(upload)
        return creation
      } catch (error) {
        if (error instanceof UploadGone && (await fileInfo(this.#blobs, upload.key))?.size === upload.size) return 'existed'
        throw error
      }
    })
  }

  abortUpload(upload: Pick<BlobUpload, 'key' | 'uploadId'>, signal?: AbortSignal): Promise<void> {
    return withPortErrors(signal, () => this.#uploads.forget(upload))
  }

  async *listUploads(prefix: string, signal?: AbortSignal): AsyncIterable<OpenUpload> {
    try {
      for await (const upload of this.#uploads.list(prefix)) {
        signal?.throwIfAborted()
        yield upload
      }
    } catch (error) {
      throw toPortError(error)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #create(key: BlobKey, content: BlobContent): Promise<BlobCreation> {
    const path = join(this.#blobs, key)
    if (await fileInfo(this.#blobs, key)) return 'existed'
    return (await moveUnlessTaken(await writeTemporary(this.#temporary, content), path)) ? 'created' : 'existed'
  }
}

async function withPortErrors<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  signal?.throwIfAborted()
  try {
    return await work()
  } catch (error) {
    throw toPortError(error)
  }
}

/** Removes what calls left behind that did not live to remove it. */
async function forgetTemporary(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    const found = await unlessMissing(stat(path))
    if (found && Date.now() - found.mtimeMs > FORGOTTEN_MS) await rm(path, { recursive: true, force: true })
  }
}
