import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { EventLog, SequencedEvent } from '../event-log.ts'

/** What the suite needs of an engine. */
export interface EventLogFixture {
  /** Opens the engine on the same storage each time, with at least two partitions. The suite disposes of what it opened before it opens again. */
  open(): Promise<EventLog>
}

let lastPosition = 0n
/** Events at positions that no other test uses: tests share one storage. */
function fresh(length: number, size = 20): SequencedEvent[] {
  return Array.from({ length }, () => {
    lastPosition += 1n
    const text = `event ${lastPosition} `
    return {
      position: lastPosition,
      tenantId: 'tenant-1',
      conversationId: `conversation-${lastPosition % 3n}`,
      event: Buffer.alloc(size, text),
    }
  })
}

let names = 0
const newName = () => `consumer-${++names}`
const eventually = (check: () => void) => vi.waitFor(check, { timeout: 30_000, interval: 5 })
const positions = (events: readonly SequencedEvent[]) => events.map(({ position }) => position)
const plain = (events: readonly SequencedEvent[]) =>
  events.map(({ event, ...rest }) => ({ ...rest, event: Buffer.from(event).toString('latin1') }))

/** A consumer that keeps what it gets. */
class Collector {
  readonly events: SequencedEvent[][] = [[], []]
  readonly #stop = new AbortController()
  #ended: Promise<void> = Promise.resolve()

  /** Replaced by tests that fail. */
  async accept(partition: number, events: readonly SequencedEvent[]): Promise<void> {
    this.events[partition]!.push(...events)
  }

  consume(log: EventLog, name: string): this {
    this.#ended = log.consume(name, (partition, events) => this.accept(partition, events), this.#stop.signal)
    return this
  }

  /** Resolves when `consume` has. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#ended
  }
}

/** Cases of the EventLog contract. */
export function eventLogConformance(engine: string, fixture: EventLogFixture): void {
  describe(`EventLog on ${engine}`, () => {
    let log: EventLog
    beforeAll(async () => {
      log = await fixture.open()
    })
    afterAll(() => log[Symbol.asyncDispose]())

    const reopen = async () => {
      await log[Symbol.asyncDispose]()
      log = await fixture.open()
    }
    /** Runs a test with a registered consumer of its own. */
    const withConsumer = (test: (name: string) => Promise<void>) => async () => {
      const name = newName()
      await log.register(name)
      await test(name)
      await log.remove(name)
    }

    it('publishing while nobody is registered is allowed, and nothing is kept', async () => {
      await log.publish(0, fresh(3))
      const name = newName()
      await log.register(name)
      const consumer = new Collector().consume(log, name)
      const events = fresh(2)
      await log.publish(0, events)
      await eventually(() => expect(consumer.events[0]!.length).toBeGreaterThanOrEqual(2))
      await consumer.stop()
      await log.remove(name)
      expect(positions(consumer.events[0]!)).toEqual(positions(events))
    })

    it(
      'publishing no events is allowed',
      withConsumer(() => log.publish(0, [])),
    )

    it(
      'delivers events as they were published, in order in each partition',
      withConsumer(async (name) => {
        const consumer = new Collector().consume(log, name)
        const zero = [fresh(3), fresh(1), fresh(40)]
        const one = [fresh(5), fresh(2), fresh(7)]
        for (const index of [0, 1, 2]) await Promise.all([log.publish(0, zero[index]!), log.publish(1, one[index]!)])
        await eventually(() => expect(consumer.events.map(({ length }) => length)).toEqual([44, 14]))
        await consumer.stop()
        expect(plain(consumer.events[0]!)).toEqual(plain(zero.flat()))
        expect(plain(consumer.events[1]!)).toEqual(plain(one.flat()))
      }),
    )

    it(
      'keeps events for a consumer that is not there',
      withConsumer(async (name) => {
        const events = fresh(2_000)
        await log.publish(0, events)
        const consumer = new Collector().consume(log, name)
        await eventually(() => expect(consumer.events[0]).toHaveLength(2_000))
        await consumer.stop()
        expect(positions(consumer.events[0]!)).toEqual(positions(events))
      }),
    )

    it(
      'delivers large events',
      withConsumer(async (name) => {
        const events = fresh(40, 256 * 1024)
        for (const event of events) await log.publish(1, [event])
        const consumer = new Collector().consume(log, name)
        await eventually(() => expect(consumer.events[1]).toHaveLength(40))
        await consumer.stop()
        expect(consumer.events[1]!.every(({ event }, index) => Buffer.compare(event, events[index]!.event) === 0)).toBe(true)
      }),
    )

    it(
      'delivers everything to each consumer',
      withConsumer(async (name) => {
        const other = newName()
        await log.register(other)
        const consumers = [new Collector().consume(log, name), new Collector().consume(log, other)]
        const events = fresh(10)
        await log.publish(0, events)
        for (const consumer of consumers) {
          await eventually(() => expect(consumer.events[0]).toHaveLength(10))
          await consumer.stop()
        }
        await log.remove(other)
      }),
    )

    it(
      'gives a consumer only what is published after it was registered',
      withConsumer(async (name) => {
        await log.publish(0, fresh(5))
        const late = newName()
        await log.register(late)
        const events = fresh(5)
        await log.publish(0, events)
        const [early, consumer] = [new Collector().consume(log, name), new Collector().consume(log, late)]
        await eventually(() => expect(early.events[0]).toHaveLength(10))
        await eventually(() => expect(consumer.events[0]).toHaveLength(5))
        await Promise.all([early.stop(), consumer.stop()])
        await log.remove(late)
        expect(positions(consumer.events[0]!)).toEqual(positions(events))
      }),
    )

    it(
      'registering again changes nothing',
      withConsumer(async (name) => {
        const events = fresh(5)
        await log.publish(0, events)
        await log.register(name)
        const consumer = new Collector().consume(log, name)
        await eventually(() => expect(consumer.events[0]).toHaveLength(5))
        await consumer.stop()
        await log.register(name)
        const again = new Collector().consume(log, name)
        const more = fresh(1)
        await log.publish(0, more)
        await eventually(() => expect(again.events[0]).toHaveLength(1))
        await again.stop()
        expect(positions(again.events[0]!)).toEqual(positions(more))
      }),
    )

    it(
      'delivers repeated positions once',
      withConsumer(async (name) => {
        const events = fresh(10)
        await log.publish(0, events.slice(0, 6))
        await log.publish(0, events.slice(0, 6))
        const consumer = new Collector().consume(log, name)
        await eventually(() => expect(consumer.events[0]).toHaveLength(6))
        await log.publish(0, events.slice(3))
        await eventually(() => expect(consumer.events[0]!.length).toBeGreaterThanOrEqual(10))
        await consumer.stop()
        await reopen()
        await log.publish(0, events)
        const after = new Collector().consume(log, name)
        const last = fresh(1)
        await log.publish(0, last)
        await eventually(() => expect(after.events[0]!.length).toBeGreaterThanOrEqual(1))
        await after.stop()
        expect(positions(consumer.events[0]!)).toEqual(positions(events))
        expect(positions(after.events[0]!)).toEqual(positions(last))
      }),
    )

    it(
      'delivers a batch again that the consumer threw on, and nothing of the partition before it',
      withConsumer(async (name) => {
        const consumer = new Collector()
        const accept = consumer.accept.bind(consumer)
        let failures = 0
        consumer.accept = async (partition, events) => {
          if (partition === 0 && failures++ < 2) throw new Error('away')
          await accept(partition, events)
        }
        consumer.consume(log, name)
        const zero = fresh(6)
        const one = fresh(2)
        await log.publish(0, zero.slice(0, 3))
        await log.publish(1, one)
        await log.publish(0, zero.slice(3))
        await eventually(() => expect(consumer.events.map(({ length }) => length)).toEqual([6, 2]))
        await consumer.stop()
        expect(positions(consumer.events[0]!)).toEqual(positions(zero))
        expect(failures).toBeGreaterThanOrEqual(3)
      }),
    )

    it(
      'goes on after a stop where the consumer left, also after a restart',
      withConsumer(async (name) => {
        const events = fresh(9)
        const got: bigint[] = []
        for (const part of [events.slice(0, 3), events.slice(3, 6), events.slice(6)]) {
          await log.publish(0, part)
          const consumer = new Collector().consume(log, name)
          await eventually(() => expect(consumer.events[0]!.length).toBeGreaterThanOrEqual(3))
          await consumer.stop()
          got.push(...positions(consumer.events[0]!))
          if (part[0] === events[3]) await reopen()
        }
        expect(got).toEqual(positions(events))
      }),
    )

    it(
      'still has after a restart what was published before',
      withConsumer(async (name) => {
        const events = fresh(100)
        await log.publish(1, events)
        await reopen()
        const consumer = new Collector().consume(log, name)
        await eventually(() => expect(consumer.events[1]).toHaveLength(100))
        await consumer.stop()
        expect(plain(consumer.events[1]!)).toEqual(plain(events))
      }),
    )

    it('forgets a removed consumer and what only it needed', async () => {
      const name = newName()
      await log.register(name)
      await log.publish(0, fresh(5))
      await log.remove(name)
      await log.remove(name)
      await log.register(name)
      const consumer = new Collector().consume(log, name)
      const events = fresh(2)
      await log.publish(0, events)
      await eventually(() => expect(consumer.events[0]!.length).toBeGreaterThanOrEqual(2))
      await consumer.stop()
      await log.remove(name)
      expect(positions(consumer.events[0]!)).toEqual(positions(events))
    })

    it(
      'removing one consumer takes nothing from another',
      withConsumer(async (name) => {
        const other = newName()
        await log.register(other)
        await log.publish(0, fresh(5))
        await log.remove(other)
        const consumer = new Collector().consume(log, name)
        await eventually(() => expect(consumer.events[0]).toHaveLength(5))
        await consumer.stop()
      }),
    )

    it(
      'ends consuming when the signal aborts, with nothing to deliver',
      withConsumer(async (name) => {
        const consumer = new Collector().consume(log, name)
        await consumer.stop()
        expect(consumer.events).toEqual([[], []])
      }),
    )
  })
}
