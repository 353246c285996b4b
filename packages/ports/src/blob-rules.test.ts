import { describe, expect, it } from 'vitest'
import { exactly, partBytes, partCount, requireAllParts, requireBlobKey, requireUploadSizes } from './blob-rules.ts'
import { BlobSizeMismatch, type BlobUpload, MAX_PARTS, MIN_PART_BYTES, PartsMissing } from './blob-store.ts'

describe('keys of blobs', () => {
  it.each(['a', 't/tenant-1/ab/0_9.bin', 'A=', '-', 'x'.repeat(200), `${'x'.repeat(200)}/${'y'.repeat(200)}`])('may be %s', (key) => {
    expect(() => requireBlobKey(key)).not.toThrow()
  })

  it.each([
    '',
    '/',
    'a/',
    '/a',
    'a//b',
    '.',
    '..',
    'a/../b',
    '.a',
    'a\\b',
    'a b',
    'ä',
    'a\n',
    'a\0',
    'x'.repeat(201),
    `${'x/'.repeat(256)}x`,
  ])('may not be %j', (key) => expect(() => requireBlobKey(key)).toThrow(RangeError))
})

describe('sizes of parts', () => {
  const upload: BlobUpload = { key: 'a', uploadId: 'u', partSize: MIN_PART_BYTES, size: 2 * MIN_PART_BYTES + 1 }

  it('are equal but for the last', () => {
    expect(partCount(upload)).toBe(3)
    expect([1, 2, 3].map((number) => partBytes(upload, number))).toEqual([MIN_PART_BYTES, MIN_PART_BYTES, 1])
    const even = { ...upload, size: 2 * MIN_PART_BYTES }
    expect(partCount(even)).toBe(2)
    expect(partBytes(even, 2)).toBe(MIN_PART_BYTES)
    for (const number of [0, 4, 1.5, Number.NaN]) expect(() => partBytes(upload, number)).toThrow(RangeError)
  })

  it('keep to the limits', () => {
    const largest = { partSize: MIN_PART_BYTES, size: MIN_PART_BYTES * MAX_PARTS }
    expect(() => requireUploadSizes(largest)).not.toThrow()
    expect(() => requireUploadSizes({ ...largest, size: largest.size + 1 })).toThrow(RangeError)
    expect(() => requireUploadSizes({ ...largest, size: 0 })).toThrow(RangeError)
    expect(() => requireUploadSizes({ size: 1, partSize: MIN_PART_BYTES - 1 })).toThrow(RangeError)
  })

  it('tell which parts are missing', () => {
    const part = (number: number, size = partBytes(upload, number)) => ({ number, size })
    expect(() => requireAllParts(upload, [part(3), part(1), part(2)])).not.toThrow()
    expect(() => requireAllParts(upload, [part(2), part(3, 2)])).toThrow(new PartsMissing([1, 3]))
  })
})

describe('content of an exact size', () => {
  const pieces = (...lengths: readonly number[]) =>
    (async function* () {
      for (const length of lengths) yield new Uint8Array(length)
    })()
  const collect = (content: AsyncIterable<Uint8Array>) => Array.fromAsync(content, (piece) => piece.length)

  it('passes as it is', async () => {
    expect(await collect(exactly(pieces(3, 0, 4), 7))).toEqual([3, 0, 4])
    expect(await collect(exactly(pieces(), 0))).toEqual([])
  })

  it('may not be shorter or longer', async () => {
    await expect(collect(exactly(pieces(3, 3), 7))).rejects.toThrow(new BlobSizeMismatch(7, '6'))
    await expect(collect(exactly(pieces(3, 5), 7))).rejects.toThrow(new BlobSizeMismatch(7, 'more'))
  })

  it('is not waited for once the signal has aborted', async () => {
    const stuck = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) }
    const reason = new Error('enough')
    const controller = new AbortController()
    const collected = collect(exactly(stuck, 1, controller.signal))
    controller.abort(reason)
    await expect(collected).rejects.toBe(reason)
    await expect(collect(exactly(stuck, 1, controller.signal))).rejects.toBe(reason)
  })
})
