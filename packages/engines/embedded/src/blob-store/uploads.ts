import { randomUUID } from 'node:crypto'
import { open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type BlobContent,
  type BlobPart,
  type BlobUpload,
  exactly,
  type OpenUpload,
  partBytes,
  partCount,
  UploadGone,
} from '@chat4all/ports'
import { makeFolders, moveReplacing, writeTemporary } from './durable-files.ts'
import { isMissing, unlessMissing } from './errors.ts'

const UPLOAD_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const PART = /^[1-9][0-9]{0,3}$/
/** The file that holds the key of an upload. */
const KEY_FILE = 'key'

type UploadName = Pick<BlobUpload, 'key' | 'uploadId'>

/** Uploads as folders, named after their ids, and their parts as files, named after their numbers. */
export class Uploads {
  readonly #folder: string
  readonly #temporary: string

  constructor(folder: string, temporary: string) {
    this.#folder = folder
    this.#temporary = temporary
  }

  async start(key: string): Promise<string> {
    const uploadId = randomUUID()
    const folder = join(this.#temporary, uploadId)
    await makeFolders(folder)
    await moveReplacing(await writeTemporary(this.#temporary, textOf(key)), join(folder, KEY_FILE))
    await moveReplacing(folder, join(this.#folder, uploadId))
    return uploadId
  }

  async writePart(upload: BlobUpload, number: number, content: BlobContent, signal: AbortSignal | undefined): Promise<void> {
    const size = partBytes(upload, number)
    const folder = await this.#find(upload)
    const temporary = await writeTemporary(this.#temporary, exactly(content, size, signal))
    await orGone(upload, moveReplacing(temporary, join(folder, String(number))))
  }

  async parts(upload: BlobUpload): Promise<readonly BlobPart[]> {
    const folder = await this.#find(upload)
    const numbers = (await orGone(upload, readdir(folder))).filter((name) => PART.test(name)).map(Number)
    const part = async (number: number) => ({ number, size: (await orGone(upload, stat(join(folder, String(number))))).size })
    return await Promise.all(numbers.sort((a, b) => a - b).map(part))
  }

  /** All parts, one after the other. */
  async *content(upload: BlobUpload): BlobContent {
    const folder = await this.#find(upload)
    for (let number = 1; number <= partCount(upload); number++) {
      const file = await orGone(upload, open(join(folder, String(number))))
      yield* file.createReadStream({ highWaterMark: 1024 * 1024 })
    }
  }

  /** It goes away in one step: what a crash leaves of its files is among the temporary ones. */
  async forget(upload: UploadName): Promise<void> {
    if ((await this.#keyOf(upload.uploadId)) !== upload.key) return
    const temporary = join(this.#temporary, randomUUID())
    await unlessMissing(rename(join(this.#folder, upload.uploadId), temporary))
    await rm(temporary, { recursive: true, force: true })
  }

  async *list(prefix: string): AsyncGenerator<OpenUpload> {
    for (const uploadId of await readdir(this.#folder)) {
      const key = await this.#keyOf(uploadId)
      const found = await unlessMissing(stat(join(this.#folder, uploadId, KEY_FILE)))
      if (key?.startsWith(prefix) && found) yield { key, uploadId, startedAt: Math.floor(found.mtimeMs) }
    }
  }

  /** The folder of an upload. */
  async #find({ key, uploadId }: UploadName): Promise<string> {
    if ((await this.#keyOf(uploadId)) !== key) throw new UploadGone(uploadId)
    return join(this.#folder, uploadId)
  }

  async #keyOf(uploadId: string): Promise<string | undefined> {
    if (!UPLOAD_ID.test(uploadId)) return undefined
    return await unlessMissing(readFile(join(this.#folder, uploadId, KEY_FILE), 'utf8'))
  }
}

async function* textOf(text: string): BlobContent {
  yield Buffer.from(text)
}

/** What an abort takes away under our feet is gone. */
async function orGone<T>({ uploadId }: UploadName, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw isMissing(error) ? new UploadGone(uploadId) : error
  }
}
