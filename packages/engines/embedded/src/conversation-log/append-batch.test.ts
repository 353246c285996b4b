import { expect, test } from 'vitest'
import { AppendBatch, unpackAppends } from './append-batch.ts'

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString()
const add = (batch: AppendBatch, partition: number, key: string, record: string) =>
  batch.add(partition, { conversationId: 'c', key, record: Buffer.from(record) }, Buffer.byteLength(key))

test('packs appends of any length so that the worker finds them again', () => {
  const batch = new AppendBatch()
  const appends: [number, string, string][] = [
    [0, 'a', ''],
    [3, 'ключ', 'record'],
    [1, 'x'.repeat(200), 'y'.repeat(5_001)],
  ]
  for (const [partition, key, record] of appends) void add(batch, partition, key, record)
  const unpacked = unpackAppends(batch.pack())
  expect(unpacked.map(({ partition, key, record }) => [partition, text(key), text(record)])).toEqual(appends)
})

test('packs nothing', () => {
  expect(unpackAppends(new AppendBatch().pack())).toEqual([])
})

test('numbers new records without gaps around duplicates, and hands on only the new ones', async () => {
  const batch = new AppendBatch()
  const answers = ['a', 'b', 'c'].map((key) => add(batch, 0, key, key))
  const fresh: bigint[] = []
  batch.settle({ first: 10, duplicates: new Map([[1, 4]]) }, (_, { position }) => fresh.push(position))
  expect(await Promise.all(answers)).toEqual([
    { position: 10n, duplicate: false },
    { position: 4n, duplicate: true },
    { position: 11n, duplicate: false },
  ])
  expect(fresh).toEqual([10n, 11n])
})
