import type { Readable } from 'node:stream'
import { DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3'
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
  EngineUnavailable,
  type OpenUpload,
  requireAllParts,
  requireBlobKey,
  requireBlobSize,
  requireRange,
  requireUploadSizes,
  UploadGone,
} from '@chat4all/ports'
import { CONTENT_CHECK, call, callWithContent, type HttpOptions } from './calls.ts'
import type { S3Clients } from './client.ts'
import { isRefusal, toPortError } from './errors.ts'
import { Uploads } from './uploads.ts'

/** Blobs as objects of one bucket. */
export class S3BlobStore implements BlobStore {
  readonly #clients: S3Clients
  readonly #bucket: string
  readonly #uploads: Uploads

  constructor(clients: S3Clients, bucket: string) {
    this.#clients = clients
    this.#bucket = bucket
    this.#uploads = new Uploads(clients, bucket)
  }

  async create(key: BlobKey, content: BlobContent, size: number, signal?: AbortSignal): Promise<BlobCreation> {
    requireBlobSize(size)
    if (await this.head(key, signal)) return 'existed'
    const input = { Bucket: this.#bucket, Key: key, ContentLength: size, IfNoneMatch: '*', ...CONTENT_CHECK }
    const send = (Body: Readable, options: HttpOptions) => this.#clients.content.send(new PutObjectCommand({ ...input, Body }), options)
    try {
      await callWithContent({ content, size, signal }, send)
      return 'created'
    } catch (error) {
      if (isRefusal(error, 'PreconditionFailed')) return 'existed'
      // A server that refuses may close the connection before it has read the content, and its answer may be lost with it.
      if (error instanceof EngineUnavailable && (await this.head(key, signal))) return 'existed'
      throw error
    }
  }

  async head(key: BlobKey, signal?: AbortSignal): Promise<BlobInfo | undefined> {
    requireBlobKey(key)
    const command = new HeadObjectCommand({ Bucket: this.#bucket, Key: key })
    try {
      const { ContentLength, LastModified } = await call(signal, (options) => this.#clients.calls.send(command, options))
      return { key, size: ContentLength ?? 0, createdAt: LastModified!.getTime() }
    } catch (error) {
      if (isRefusal(error, 'NotFound', 'NoSuchKey')) return undefined
      throw error
    }
  }

  async *read(key: BlobKey, range?: BlobRange, signal?: AbortSignal): BlobContent {
    requireBlobKey(key)
    if (range) requireRange(range)
    const body = await this.#open(key, range, signal)
    try {
      yield* body
    } catch (error) {
      throw toPortError(error, signal)
    }
  }

  async delete(key: BlobKey, signal?: AbortSignal): Promise<void> {
    requireBlobKey(key)
    const command = new DeleteObjectCommand({ Bucket: this.#bucket, Key: key })
    await call(signal, (options) => this.#clients.calls.send(command, options))
  }

  async *list(prefix: string, after?: BlobKey, signal?: AbortSignal): AsyncIterable<BlobInfo> {
    for (let from: object = after ? { StartAfter: after } : {}; ; ) {
      const command = new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: prefix, ...from })
      const page = await call(signal, (options) => this.#clients.calls.send(command, options))
      for (const { Key, Size, LastModified } of page.Contents ?? []) {
        yield { key: Key!, size: Size ?? 0, createdAt: LastModified!.getTime() }
      }
      if (!page.IsTruncated) return
      from = { ContinuationToken: page.NextContinuationToken }
    }
  }

  async startUpload(key: BlobKey, { size, partSize }: Pick<BlobUpload, 'size' | 'partSize'>, signal?: AbortSignal): Promise<BlobUpload> {
    requireBlobKey(key)
    requireUploadSizes({ size, partSize })
    return { key, uploadId: await this.#uploads.start(key, signal), size, partSize }
  }

  async writePart(upload: BlobUpload, number: number, content: BlobContent, signal?: AbortSignal): Promise<void> {
    await this.#uploads.writePart(upload, number, content, signal)
  }

  async listParts(upload: BlobUpload, signal?: AbortSignal): Promise<readonly BlobPart[]> {
    return (await this.#uploads.parts(upload, signal)).map(({ number, size }) => ({ number, size }))
  }

  async completeUpload(upload: BlobUpload, signal?: AbortSignal): Promise<BlobCreation> {
    try {
      const parts = await this.#uploads.parts(upload, signal)
      requireAllParts(upload, parts)
      const creation = await this.#uploads.complete(upload, parts, signal)
      if (creation === 'existed') await this.#uploads.abort(upload, signal)
      return creation
    } catch (error) {
      if (error instanceof UploadGone && (await this.head(upload.key, signal))?.size === upload.size) return 'existed'
      throw error
    }
  }

  async abortUpload(upload: Pick<BlobUpload, 'key' | 'uploadId'>, signal?: AbortSignal): Promise<void> {
    await this.#uploads.abort(upload, signal)
  }

  listUploads(prefix: string, signal?: AbortSignal): AsyncIterable<OpenUpload> {
    return this.#uploads.list(prefix, signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#clients[Symbol.dispose]()
  }

  /** Nothing when the range begins at the end or behind it. */
  async #open(
    key: BlobKey,
    range: BlobRange | undefined,
    signal: AbortSignal | undefined,
  ): Promise<AsyncIterable<Uint8Array> | Uint8Array[]> {
    const bytes = range ? { Range: `bytes=${range.offset}-${range.offset + range.length - 1}` } : {}
    const command = new GetObjectCommand({ Bucket: this.#bucket, Key: key, ...bytes })
    try {
      // The SDK's body is a Readable under Node.
      return (await call(signal, (options) => this.#clients.calls.send(command, options))).Body as unknown as AsyncIterable<Uint8Array>
    } catch (error) {
      if (isRefusal(error, 'InvalidRange')) return []
      throw isRefusal(error, 'NoSuchKey', 'NotFound') ? new BlobMissing(key) : error
    }
  }
}
