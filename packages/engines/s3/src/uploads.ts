import type { Readable } from 'node:stream'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  type Part,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import {
  type BlobContent,
  type BlobCreation,
  type BlobUpload,
  EngineUnavailable,
  type OpenUpload,
  partBytes,
  UploadGone,
} from '@chat4all/ports'
import { CONTENT_CHECK, call, callWithContent, type HttpOptions } from './calls.ts'
import type { S3Clients } from './client.ts'
import { isRefusal } from './errors.ts'

/** A part as the server knows it. */
export interface StoredPart {
  readonly number: number
  readonly size: number
  readonly etag: string
  readonly crc32: string | undefined
}

const WAY_OUT = /(^|\/)\.{1,2}(\/|$)/

type Signal = AbortSignal | undefined
type UploadName = Pick<BlobUpload, 'key' | 'uploadId'>

/** Multipart uploads of S3. */
export class Uploads {
  readonly #clients: S3Clients
  readonly #bucket: string

  constructor(clients: S3Clients, bucket: string) {
    this.#clients = clients
    this.#bucket = bucket
  }

  async start(key: string, signal: Signal): Promise<string> {
    const command = new CreateMultipartUploadCommand({ Bucket: this.#bucket, Key: key, ...CONTENT_CHECK })
    const { UploadId } = await call(signal, (options) => this.#clients.calls.send(command, options))
    return UploadId!
  }

  async writePart(upload: BlobUpload, number: number, content: BlobContent, signal: Signal): Promise<void> {
    const size = partBytes(upload, number)
    const input = { ...this.#name(upload), PartNumber: number, ContentLength: size, ...CONTENT_CHECK }
    const send = (Body: Readable, options: HttpOptions) => this.#clients.content.send(new UploadPartCommand({ ...input, Body }), options)
    try {
      await orGone(upload, callWithContent({ content, size, signal }, send))
    } catch (error) {
      // A server that refuses may close the connection before it has read the content, and its answer may be lost with it.
      if (error instanceof EngineUnavailable) await this.parts(upload, signal)
      throw error
    }
  }

  /** By number. */
  async parts(upload: UploadName, signal: Signal): Promise<readonly StoredPart[]> {
    const parts: StoredPart[] = []
    for (let marker: string | undefined; ; ) {
      const command = new ListPartsCommand({ ...this.#name(upload), ...(marker === undefined ? {} : { PartNumberMarker: marker }) })
      const page = await orGone(
        upload,
        call(signal, (options) => this.#clients.calls.send(command, options)),
      )
      parts.push(...(page.Parts ?? []).map(toStoredPart))
      marker = page.NextPartNumberMarker
      if (!page.IsTruncated) return parts.sort((a, b) => a.number - b.number)
    }
  }

  /** `existed`: there is a blob, and the upload is still there. */
  async complete(upload: BlobUpload, parts: readonly StoredPart[], signal: Signal): Promise<BlobCreation> {
    const Parts = parts.map(({ number, etag, crc32 }) => ({ PartNumber: number, ETag: etag, ...(crc32 ? { ChecksumCRC32: crc32 } : {}) }))
    const command = new CompleteMultipartUploadCommand({ ...this.#name(upload), IfNoneMatch: '*', MultipartUpload: { Parts } })
    try {
      await orGone(
        upload,
        call(signal, (options) => this.#clients.patient.send(command, options)),
      )
      return 'created'
    } catch (error) {
      if (isRefusal(error, 'PreconditionFailed')) return 'existed'
      throw error
    }
  }

  async abort(upload: UploadName, signal: Signal): Promise<void> {
    try {
      const command = new AbortMultipartUploadCommand(this.#name(upload))
      await orGone(
        upload,
        call(signal, (options) => this.#clients.calls.send(command, options)),
      )
    } catch (error) {
      if (!(error instanceof UploadGone)) throw error
    }
  }

  async *list(prefix: string, signal: Signal): AsyncGenerator<OpenUpload> {
    for (let markers = {}; ; ) {
      const command = new ListMultipartUploadsCommand({ Bucket: this.#bucket, Prefix: prefix, ...markers })
      const page = await call(signal, (options) => this.#clients.calls.send(command, options))
      for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
        yield { key: Key!, uploadId: UploadId!, startedAt: Initiated!.getTime() }
      }
      if (!page.IsTruncated) return
      markers = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }
    }
  }

  /** Some servers keep uploads in folders named after their ids. */
  #name({ key, uploadId }: UploadName) {
    if (uploadId === '' || WAY_OUT.test(uploadId)) throw new UploadGone(uploadId)
    return { Bucket: this.#bucket, Key: key, UploadId: uploadId }
  }
}

function toStoredPart({ PartNumber, Size, ETag, ChecksumCRC32 }: Part): StoredPart {
  return { number: PartNumber!, size: Size!, etag: ETag!, crc32: ChecksumCRC32 }
}

async function orGone<T>({ uploadId }: UploadName, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw isRefusal(error, 'NoSuchUpload') ? new UploadGone(uploadId) : error
  }
}
