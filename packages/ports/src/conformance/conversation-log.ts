import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Appended, ConversationLog, LogEntry, NewRecord, PartitionOwner } from '../conversation-log.ts'

/** What the suite needs of an engine. */
export interface ConversationLogFixture {
  /** Opens the engine on the same storage each time, which is empty at first, with at least three partitions. The suite disposes of what it opened before it opens again. */
  open(): Promise<ConversationLog>
}

const MAX_RECORD = 256 * 1024
/** Nothing is ever appended here. */
const EMPTY = 2

let count = 0
/** A record with a key that no other test uses: tests share one storage. */
function fresh(record: Uint8Array = Buffer.from(`record ${count}`)): NewRecord {
  count += 1
  return { conversationId: 'conversation-1', key: `tenant/${String(count).padStart(8, '0')}`, record }
}
const freshMany = (length: number) => Array.from({ length }, () => fresh())
const bytes = (record: Uint8Array) => Buffer.from(record).toString('latin1')
const texts = (entries: readonly { readonly record: Uint8Array }[]) => entries.map(({ record }) => bytes(record))
const positions = (entries: readonly { readonly position: bigint }[]) => entries.map(({ position }) => position)
const ascending = (numbers: readonly bigint[]) => numbers.every((number, index) => index === 0 || number > numbers[index - 1]!)
const eventually = (check: () => void) => vi.waitFor(check, { timeout: 30_000, interval: 5 })

/** An owner that keeps what it gets, as a sequencer with a checkpoint would. */
class Collector implements PartitionOwner {
  readonly entries: LogEntry[] = []
  readonly #stop = new AbortController()
  checkpoint: bigint
  starts = 0
  running = 0
  mostRunning = 0
  #ended: Promise<void> = Promise.resolve()

  constructor(checkpoint: bigint) {
    this.checkpoint = checkpoint
  }

  async start(): Promise<bigint> {
    this.starts += 1
    return this.checkpoint
  }

  async deliver(entries: readonly LogEntry[]): Promise<void> {
    this.running += 1
    this.mostRunning = Math.max(this.mostRunning, this.running)
    try {
      await this.accept(entries)
    } finally {
      this.running -= 1
    }
  }

  /** Replaced by tests that are slow or fail. */
  async accept(entries: readonly LogEntry[]): Promise<void> {
    this.entries.push(...entries)
    this.checkpoint = entries.at(-1)!.position
  }

  own(log: ConversationLog, partition: number): this {
    this.#ended = log.own(partition, this, this.#stop.signal)
    return this
  }

  /** Resolves when `own` has. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#ended
  }
}

/** Cases of the ConversationLog contract. */
export function conversationLogConformance(engine: string, fixture: ConversationLogFixture): void {
  describe(`ConversationLog on ${engine}`, () => {
    let log: ConversationLog
    beforeAll(async () => {
      log = await fixture.open()
    })
    afterAll(() => log[Symbol.asyncDispose]())

    const reopen = async () => {
      await log[Symbol.asyncDispose]()
      log = await fixture.open()
    }
    const appendAll = (partition: number, records: readonly NewRecord[]) =>
      Promise.all(records.map((record) => log.append(partition, record)))
    const since = (partition: number, after: bigint) => log.list(partition, after, 100_000)
    /** An owner that has everything so far. */
    const ownFromEnd = async (partition: number) => new Collector(await log.end(partition)).own(log, partition)

    describe('append', () => {
      it('answers with positions that rise from at least 1', async () => {
        const first = await log.append(0, fresh())
        const second = await log.append(0, fresh())
        expect(first.position).toBeGreaterThanOrEqual(1n)
        expect(second.position).toBeGreaterThan(first.position)
        expect([first.duplicate, second.duplicate]).toEqual([false, false])
      })

      it('keeps the order of calls that did not wait for each other', async () => {
        const end = await log.end(0)
        const records = freshMany(500)
        const appended = await appendAll(0, records)
        expect(ascending(positions(appended))).toBe(true)
        const stored = await since(0, end)
        expect(texts(stored)).toEqual(texts(records))
        expect(positions(stored)).toEqual(positions(appended))
      })

      it('completes appends in the order of their positions', async () => {
        const completed: bigint[] = []
        await Promise.all(freshMany(300).map((record) => log.append(0, record).then(({ position }) => completed.push(position))))
        expect(completed).toHaveLength(300)
        expect(ascending(completed)).toBe(true)
      })

      it('puts a record behind every record that was acknowledged before', async () => {
        const acknowledged: bigint[] = []
        const caller = async () => {
          for (let turn = 0; turn < 20; turn += 1) {
            const highest = acknowledged.reduce((most, position) => (position > most ? position : most), 0n)
            const { position } = await log.append(1, fresh())
            expect(position).toBeGreaterThan(highest)
            acknowledged.push(position)
          }
        }
        await Promise.all(Array.from({ length: 8 }, caller))
        expect(new Set(acknowledged).size).toBe(160)
      })

      it('keeps partitions apart', async () => {
        const ends = [await log.end(0), await log.end(1)] as const
        const zero = freshMany(20)
        const one = freshMany(20)
        await Promise.all(zero.flatMap((record, index) => [log.append(0, record), log.append(1, one[index]!)]))
        expect(texts(await since(0, ends[0]))).toEqual(texts(zero))
        expect(texts(await since(1, ends[1]))).toEqual(texts(one))
      })

      it.each([
        ['an empty record', new Uint8Array(0)],
        ['one byte', new Uint8Array([0])],
        ['every byte value', Uint8Array.from({ length: 256 }, (_, value) => value)],
        ['the largest record', new Uint8Array(MAX_RECORD).fill(0xa5)],
        ['a view into a larger buffer', new Uint8Array(4096).map((_, index) => index).subarray(17, 1234)],
      ])('keeps %s unchanged', async (_, record) => {
        const { position } = await log.append(0, fresh(record))
        const read = await log.read(0, position)
        expect(bytes(read!.record)).toBe(bytes(record))
      })

      it('takes keys of 1 to 200 bytes, in any script', async () => {
        for (const key of ['k', 'ключ/消息/🔑', 'x'.repeat(200), 'ß'.repeat(100)]) {
          const { position } = await log.append(0, { ...fresh(), key })
          expect(await log.append(0, { ...fresh(), key })).toEqual({ position, duplicate: true })
        }
      })

      it('takes many of the largest records at once', async () => {
        const end = await log.end(1)
        const records = Array.from({ length: 100 }, (_, index) => fresh(new Uint8Array(MAX_RECORD).fill(index)))
        await appendAll(1, records)
        const stored = await since(1, end)
        expect(stored).toHaveLength(100)
        expect(stored.every(({ record }, index) => record.byteLength === MAX_RECORD && record[MAX_RECORD - 1] === index)).toBe(true)
      })
    })

    describe('a repeated key', () => {
      it('gets the first position and appends nothing', async () => {
        const record = fresh()
        const { position } = await log.append(0, record)
        await log.append(0, fresh())
        const end = await log.end(0)
        expect(await log.append(0, record)).toEqual({ position, duplicate: true })
        expect(await log.append(0, { ...fresh(), key: record.key })).toEqual({ position, duplicate: true })
        expect(await log.end(0)).toBe(end)
        expect(bytes((await log.read(0, position))!.record)).toBe(bytes(record.record))
      })

      it('is appended once when the calls run at the same time', async () => {
        const end = await log.end(0)
        const [one, two] = [fresh(), fresh()]
        const appended = await appendAll(0, [one, two, one, two, one])
        expect(appended.map(({ duplicate }) => duplicate)).toEqual([false, false, true, true, true])
        expect(positions(appended.slice(2))).toEqual([appended[0], appended[1], appended[0]].map((first) => first!.position))
        expect(texts(await since(0, end))).toEqual(texts([one, two]))
      })

      it('is still known after a restart', async () => {
        const record = fresh()
        const { position } = await log.append(0, record)
        await reopen()
        expect(await log.append(0, record)).toEqual({ position, duplicate: true })
      })

      it('is still known after its record was trimmed', async () => {
        const record = fresh()
        const { position } = await log.append(0, record)
        await log.trim(0, position)
        expect(await log.append(0, record)).toEqual({ position, duplicate: true })
      })
    })

    describe('reading', () => {
      it('finds exactly the record at a position of its partition', async () => {
        const record = fresh()
        const { position } = await log.append(0, record)
        const read = await log.read(0, position)
        expect(read!.position).toBe(position)
        expect(bytes(read!.record)).toBe(bytes(record.record))
        expect(await log.read(0, position + 1_000_000n)).toBeUndefined()
        expect(await log.read(0, 0n)).toBeUndefined()
        expect(await log.read(EMPTY, position)).toBeUndefined()
      })

      it('lists the first records after a position, as many as asked for', async () => {
        const end = await log.end(0)
        const records = freshMany(10)
        const appended = await appendAll(0, records)
        expect(texts(await log.list(0, end, 4))).toEqual(texts(records.slice(0, 4)))
        expect(texts(await log.list(0, appended[3]!.position, 4))).toEqual(texts(records.slice(4, 8)))
        expect(texts(await log.list(0, appended[7]!.position, 4))).toEqual(texts(records.slice(8)))
        expect(await log.list(0, appended[9]!.position, 4)).toEqual([])
      })

      it('says where a partition ends', async () => {
        const appended = await appendAll(0, freshMany(3))
        const end = await log.end(0)
        expect(end).toBe(appended[2]!.position)
        expect([await log.isPast(0, end), await log.isPast(0, end + 1n)]).toEqual([true, false])
      })

      it('says that a partition is empty', async () => {
        expect(await log.end(EMPTY)).toBe(0n)
        expect(await log.list(EMPTY, 0n, 10)).toEqual([])
        expect(await log.isPast(EMPTY, 0n)).toBe(true)
      })

      it('finds everything after a restart, and goes on behind it', async () => {
        const end = await log.end(0)
        const records = freshMany(50)
        const appended = await appendAll(0, records)
        await reopen()
        expect(await log.end(0)).toBe(appended[49]!.position)
        expect(texts(await since(0, end))).toEqual(texts(records))
        const next = await log.append(0, fresh())
        expect(next.position).toBeGreaterThan(appended[49]!.position)
      })
    })

    describe('own', () => {
      it('delivers what comes after the position that start returns, then what is appended', async () => {
        const end = await log.end(0)
        const appended = await appendAll(0, freshMany(20))
        const owner = new Collector(appended[4]!.position).own(log, 0)
        await eventually(() => expect(owner.entries).toHaveLength(15))
        await appendAll(0, freshMany(20))
        await eventually(() => expect(owner.entries).toHaveLength(35))
        await owner.stop()
        expect(positions(owner.entries)).toEqual(positions(await since(0, end)).slice(5))
        expect(owner.starts).toBe(1)
      })

      it('delivers a record within one append to an owner that keeps up', async () => {
        const owner = await ownFromEnd(0)
        for (let round = 1; round <= 10; round += 1) {
          const { position } = await log.append(0, fresh())
          await eventually(() => expect(owner.checkpoint).toBe(position))
        }
        await owner.stop()
        expect(owner.entries).toHaveLength(10)
      })

      it('delivers the bytes as they were appended, to be kept', async () => {
        const owner = await ownFromEnd(0)
        const records = Array.from({ length: 200 }, (_, index) => fresh(new Uint8Array(1 + index * 7).fill(index)))
        await appendAll(0, records)
        await appendAll(0, freshMany(200))
        await eventually(() => expect(owner.entries).toHaveLength(400))
        await owner.stop()
        expect(texts(owner.entries.slice(0, 200))).toEqual(texts(records))
      })

      it('does not deliver repeated keys, or other partitions', async () => {
        const owner = await ownFromEnd(0)
        const record = fresh()
        await Promise.all([log.append(0, record), log.append(0, record), log.append(1, fresh())])
        await log.append(0, record)
        const last = await log.append(0, fresh())
        await eventually(() => expect(owner.checkpoint).toBe(last.position))
        await owner.stop()
        expect(owner.entries).toHaveLength(2)
      })

      it('waits for one delivery before the next', async () => {
        const owner = await ownFromEnd(0)
        const accept = owner.accept.bind(owner)
        owner.accept = async (entries) => {
          await nextTurn()
          await accept(entries)
        }
        for (let round = 0; round < 20; round += 1) await appendAll(0, freshMany(5))
        await eventually(() => expect(owner.entries).toHaveLength(100))
        await owner.stop()
        expect(owner.mostRunning).toBe(1)
      })

      it('starts over after a delivery that threw', async () => {
        const owner = await ownFromEnd(0)
        const accept = owner.accept.bind(owner)
        let failures = 0
        owner.accept = async (entries) => {
          if (failures++ < 2) throw new Error('the store is away')
          await accept(entries)
        }
        const records = freshMany(10)
        await appendAll(0, records)
        await eventually(() => expect(owner.entries).toHaveLength(10))
        await owner.stop()
        expect(owner.starts).toBe(3)
        expect(texts(owner.entries)).toEqual(texts(records))
      })

      it('starts over from an earlier position if start says so', async () => {
        const owner = await ownFromEnd(0)
        const begin = owner.checkpoint
        const first = freshMany(5)
        await appendAll(0, first)
        await eventually(() => expect(owner.entries).toHaveLength(5))
        const accept = owner.accept.bind(owner)
        owner.accept = async () => {
          owner.accept = accept
          owner.checkpoint = begin
          throw new Error('lost what was not flushed')
        }
        const second = freshMany(5)
        await appendAll(0, second)
        await eventually(() => expect(owner.entries).toHaveLength(15))
        await owner.stop()
        expect(texts(owner.entries.slice(5))).toEqual(texts([...first, ...second]))
      })

      it('starts over after a start that threw', async () => {
        const owner = new Collector(await log.end(0))
        const start = owner.start.bind(owner)
        owner.start = async () => {
          if ((await start()) >= 0n && owner.starts < 3) throw new Error('the store is away')
          return owner.checkpoint
        }
        owner.own(log, 0)
        await log.append(0, fresh())
        await eventually(() => expect(owner.entries).toHaveLength(1))
        await owner.stop()
        expect(owner.starts).toBe(3)
      })

      it('ends when the signal aborts, with nothing to deliver, and when it had aborted before', async () => {
        const owner = await ownFromEnd(EMPTY)
        await owner.stop()
        expect(owner.entries).toEqual([])
        const late = new Collector(0n)
        await log.own(EMPTY, late, AbortSignal.abort())
        expect(late.entries).toEqual([])
      })

      it('delivers nothing after the signal aborted', async () => {
        const owner = await ownFromEnd(0)
        await log.append(0, fresh())
        await eventually(() => expect(owner.entries).toHaveLength(1))
        await owner.stop()
        await appendAll(0, freshMany(5))
        const next = await ownFromEnd(0)
        await log.append(0, fresh())
        await eventually(() => expect(next.entries).toHaveLength(1))
        await next.stop()
        expect(owner.entries).toHaveLength(1)
      })

      it('has one active owner, and another takes over when it goes', async () => {
        const first = await ownFromEnd(0)
        const begun = await log.append(0, fresh())
        await eventually(() => expect(first.checkpoint).toBe(begun.position))
        const second = new Collector(first.checkpoint).own(log, 0)
        const third = new Collector(first.checkpoint).own(log, 0)
        await third.stop()
        const before = await appendAll(0, freshMany(10))
        await eventually(() => expect(first.entries).toHaveLength(11))
        expect(second.starts).toBe(0)
        second.checkpoint = before[9]!.position
        await first.stop()
        const after = await appendAll(0, freshMany(10))
        await eventually(() => expect(second.entries).toHaveLength(10))
        await second.stop()
        expect(positions([...first.entries, ...second.entries])).toEqual(positions([begun, ...before, ...after]))
        expect(third.starts).toBe(0)
      })

      it('owns each partition by itself', async () => {
        const [zero, one] = [await ownFromEnd(0), await ownFromEnd(1)]
        await Promise.all([log.append(0, fresh()), log.append(1, fresh())])
        await eventually(() => expect([zero.entries.length, one.entries.length]).toEqual([1, 1]))
        await Promise.all([zero.stop(), one.stop()])
      })

      it('catches up with a long backlog, and with what is appended meanwhile', async () => {
        const end = await log.end(1)
        for (let round = 0; round < 5; round += 1) await appendAll(1, freshMany(1_000))
        const owner = new Collector(end).own(log, 1)
        await appendAll(1, freshMany(1_000))
        await eventually(() => expect(owner.entries).toHaveLength(6_000))
        await owner.stop()
        expect(positions(owner.entries)).toEqual(positions(await since(1, end)))
      })

      it('delivers everything to an owner that fell far behind', async () => {
        const owner = await ownFromEnd(1)
        const end = owner.checkpoint
        const accept = owner.accept.bind(owner)
        const { promise: released, resolve: release } = Promise.withResolvers<void>()
        owner.accept = async (entries) => {
          await released
          await accept(entries)
        }
        for (let round = 0; round < 10; round += 1) await appendAll(1, freshMany(1_000))
        release()
        await eventually(() => expect(owner.entries).toHaveLength(10_000))
        await owner.stop()
        expect(positions(owner.entries)).toEqual(positions(await since(1, end)))
      })

      it('leaves no gap under load, whatever fails', async () => {
        const owner = await ownFromEnd(1)
        const end = owner.checkpoint
        const accept = owner.accept.bind(owner)
        let deliveries = 0
        owner.accept = async (entries) => {
          await nextTurn()
          deliveries += 1
          if (deliveries % 40 === 0) throw new Error('the store is away')
          await accept(entries)
        }
        const caller = async () => {
          for (let turn = 0; turn < 250; turn += 1) await log.append(1, fresh())
        }
        await Promise.all(Array.from({ length: 8 }, caller))
        await eventually(() => expect(owner.entries).toHaveLength(2_000))
        await owner.stop()
        expect(positions(owner.entries)).toEqual(positions(await since(1, end)))
      })

      it('goes on after a restart where the owner left', async () => {
        const owner = await ownFromEnd(0)
        await log.append(0, fresh())
        await eventually(() => expect(owner.entries).toHaveLength(1))
        await owner.stop()
        const missed = freshMany(3)
        await appendAll(0, missed)
        await reopen()
        const next = new Collector(owner.checkpoint).own(log, 0)
        await eventually(() => expect(next.entries).toHaveLength(3))
        await next.stop()
        expect(texts(next.entries)).toEqual(texts(missed))
      })
    })

    describe('trim', () => {
      it('keeps what is newer, and where the partition ends', async () => {
        const appended: Appended[] = await appendAll(0, freshMany(10))
        await log.trim(0, appended[4]!.position)
        expect(positions(await since(0, appended[4]!.position))).toEqual(positions(appended.slice(5)))
        expect(await log.end(0)).toBe(appended[9]!.position)
      })

      it('does not bring positions back, even if everything is trimmed', async () => {
        const { position } = await log.append(0, fresh())
        await log.trim(0, position)
        await reopen()
        expect(await log.end(0)).toBe(position)
        expect((await log.append(0, fresh())).position).toBeGreaterThan(position)
      })

      it('does not disturb the owner', async () => {
        const owner = await ownFromEnd(0)
        for (let round = 1; round <= 5; round += 1) {
          await appendAll(0, freshMany(10))
          await eventually(() => expect(owner.entries).toHaveLength(10 * round))
          await log.trim(0, owner.checkpoint)
        }
        await owner.stop()
        expect(ascending(positions(owner.entries))).toBe(true)
      })
    })
  })
}
