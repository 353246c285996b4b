/** Names a blob: 1 to 512 characters of `A-Z a-z 0-9 . _ = -`, in parts of at most 200 that `/` separates and that begin with none of `.` and `=`.
 *  Engines keep blobs in folders: of two keys, none may go on with `/` where the other ends. Keys that differ in case alone may be the same on some disks. */
export type BlobKey = string

/** The largest part of an upload, and the largest blob that is created in one call. */
export const MAX_PART_BYTES = 64 * 1024 * 1024
/** The smallest part of an upload, but for the last. */
export const MIN_PART_BYTES = 5 * 1024 * 1024
/** The most parts of an upload. Some S3 servers take no more. */
export const MAX_PARTS = 1000

/** Bytes of a blob, in pieces of any size. Taken one after the other, never faster than they can be stored. */
export type BlobContent = AsyncIterable<Uint8Array>

export interface BlobInfo {
  readonly key: BlobKey
  /** Bytes. */
  readonly size: number
  /** When it was created. Milliseconds since 1970; some engines know whole seconds only. */
  readonly createdAt: number
}

export interface BlobRange {
  /** From 0. */
  readonly offset: number
  /** At least 1. */
  readonly length: number
}

/** A blob that comes in parts. Plain data, for the caller to keep: with it, any process can go on. */
export interface BlobUpload {
  readonly key: BlobKey
  /** Given by the engine, at most 1,024 characters. */
  readonly uploadId: string
  /** Bytes of the whole. */
  readonly size: number
  /** Bytes of each part but the last, which has the rest. */
  readonly partSize: number
}

export interface BlobPart {
  /** From 1. */
  readonly number: number
  readonly size: number
}

export interface OpenUpload {
  readonly key: BlobKey
  readonly uploadId: string
  /** Milliseconds since 1970. */
  readonly startedAt: number
}

/** `existed`: there was a blob of that key before, and it stayed as it was. It may be what this very call or an earlier try created, when the engine's answer was lost. */
export type BlobCreation = 'created' | 'existed'

/** Files. A blob is there as a whole or not at all, and never changes: who wants other content takes another key.
 *
 *  Content is streamed: memory does not grow with its size. What was stored survives kill -9 and power loss of the engine once the call has resolved.
 *  A call whose signal aborts rejects with the signal's reason; whether it has taken effect is unknown then, as with `EngineUnavailable`, and repeating
 *  it is safe. All methods throw `EngineUnavailable` when the engine is away or does not answer, `StorageFull` when nothing could be stored, and `RangeError` for
 *  keys, sizes and ranges that break the rules above. An error that content throws is thrown on, and nothing was stored. */
export interface BlobStore extends AsyncDisposable {
  /** Creates a blob of exactly `size` bytes, 0 to `MAX_PART_BYTES`. Of several that create the same, one does.
   *  Throws `BlobSizeMismatch` when the content is shorter or longer. */
  create(key: BlobKey, content: BlobContent, size: number, signal?: AbortSignal): Promise<BlobCreation>

  /** Undefined if there is no such blob. */
  head(key: BlobKey, signal?: AbortSignal): Promise<BlobInfo | undefined>

  /** The bytes of a blob, or those of the range that it has: none when the range begins at its end or behind it. Nothing is opened before the first piece is asked for,
   *  and leaving the loop closes it. A reader that takes nothing for 30 s may be cut off with `EngineUnavailable`.
   *  Throws `BlobMissing`. */
  read(key: BlobKey, range?: BlobRange, signal?: AbortSignal): BlobContent

  /** Nothing happens if there is no such blob. Its key is free again. */
  delete(key: BlobKey, signal?: AbortSignal): Promise<void>

  /** Blobs whose keys begin with a prefix (any characters that a key may begin with, or none), ordered by the bytes of their keys, those behind `after` only.
   *  What is created or deleted meanwhile may be in it or not. */
  list(prefix: string, after?: BlobKey, signal?: AbortSignal): AsyncIterable<BlobInfo>

  /** Begins a blob that comes in parts: `size` from 1, `partSize` from `MIN_PART_BYTES` to `MAX_PART_BYTES`, at most `MAX_PARTS` parts. Nothing is at the key before `completeUpload`,
   *  and a blob that is there does not hinder. Uploads stay until they are completed or aborted: a sweeper finds forgotten ones with `listUploads`. */
  startUpload(key: BlobKey, sizes: Pick<BlobUpload, 'size' | 'partSize'>, signal?: AbortSignal): Promise<BlobUpload>

  /** Stores part `number` (from 1) of exactly the size that `partBytes` tells, in any order, several at a time. Repeating it replaces the part; of two that write the same part at the same time, one stays.
   *  Throws `UploadGone`, and `BlobSizeMismatch` when the content is shorter or longer: the part is then as it was before. */
  writePart(upload: BlobUpload, number: number, content: BlobContent, signal?: AbortSignal): Promise<void>

  /** The parts that are stored, by number. Throws `UploadGone`. */
  listParts(upload: BlobUpload, signal?: AbortSignal): Promise<readonly BlobPart[]>

  /** Makes the parts a blob, and forgets the upload. May take seconds per GB. When a blob of the key exists, that one stays and the upload is forgotten. Repeating it after it succeeded returns `existed`.
   *  Throws `PartsMissing`, after which parts can still be written, and `UploadGone`. */
  completeUpload(upload: BlobUpload, signal?: AbortSignal): Promise<BlobCreation>

  /** Forgets an upload and its parts. Nothing happens if there is no such upload. A part that is being written at the same time may stay: then the upload is still listed, and aborting it again forgets it. */
  abortUpload(upload: Pick<BlobUpload, 'key' | 'uploadId'>, signal?: AbortSignal): Promise<void>

  /** Uploads that are neither completed nor aborted, of keys that begin with a prefix, in no particular order. */
  listUploads(prefix: string, signal?: AbortSignal): AsyncIterable<OpenUpload>
}

/** There is no blob of that key. */
export class BlobMissing extends Error {
  constructor(key: BlobKey) {
    super(`there is no blob ${key}`)
    this.name = 'BlobMissing'
  }
}

/** Content is shorter or longer than it was said to be. */
export class BlobSizeMismatch extends Error {
  constructor(expected: number, actual: string) {
    super(`expected ${expected} bytes, got ${actual}`)
    this.name = 'BlobSizeMismatch'
  }
}

/** The upload was completed or aborted, or never was. */
export class UploadGone extends Error {
  constructor(uploadId: string) {
    super(`there is no upload ${uploadId}`)
    this.name = 'UploadGone'
  }
}

/** An upload cannot be completed before it has all its parts, each of its size. */
export class PartsMissing extends Error {
  readonly numbers: readonly number[]
  constructor(numbers: readonly number[]) {
    super(`${numbers.length} parts are missing, the first is ${numbers[0]}`)
    this.name = 'PartsMissing'
    this.numbers = numbers
  }
}
