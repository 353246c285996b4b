import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { LiveBus, LiveHandler } from '../live-bus.ts'

/** What the suite needs of an engine. */
export interface LiveBusFixture {
  open(): Promise<LiveBus>
}

let count = 0
/** A subject that no other test uses: tests share one bus. */
const newSubject = () => `live.test.${++count}`
const payload = (text: string) => new Uint8Array(Buffer.from(text))
const eventually = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 2 })

/** A handler that keeps what it gets, as `subject:text`. */
function collector(): { readonly seen: string[]; readonly handler: LiveHandler } {
  const seen: string[] = []
  return { seen, handler: (bytes, subject) => seen.push(`${subject}:${Buffer.from(bytes).toString()}`) }
}

/** Cases of the LiveBus contract. Messages may get lost on a real network; none of these cases gives a reason to. */
export function liveBusConformance(engine: string, fixture: LiveBusFixture): void {
  describe(`LiveBus on ${engine}`, () => {
    let bus: LiveBus
    beforeAll(async () => {
      bus = await fixture.open()
    })
    afterAll(() => bus[Symbol.asyncDispose]())

    /** Resolves when everything published before has arrived. */
    const flush = async () => {
      const subject = newSubject()
      const { seen, handler } = collector()
      const unsubscribe = await bus.subscribe(subject, handler)
      bus.publish([subject], payload('flush'))
      await eventually(() => expect(seen).toHaveLength(1))
      unsubscribe()
    }

    it('hands a message to every subscriber of its subject, once', async () => {
      const [a, b] = [newSubject(), newSubject()]
      const [one, two, other] = [collector(), collector(), collector()]
      await bus.subscribe(a, one.handler)
      await bus.subscribe(a, two.handler)
      await bus.subscribe(b, other.handler)
      bus.publish([a], payload('x'))
      await flush()
      expect([one.seen, two.seen, other.seen]).toEqual([[`${a}:x`], [`${a}:x`], []])
    })

    it('hands the same message to the subscribers of each of its subjects', async () => {
      const [a, b] = [newSubject(), newSubject()]
      const { seen, handler } = collector()
      await bus.subscribe(a, handler)
      await bus.subscribe(b, handler)
      bus.publish([a, b, newSubject()], payload('x'))
      await flush()
      expect(seen).toEqual([`${a}:x`, `${b}:x`])
    })

    it('keeps the order of publishing over all subjects', async () => {
      const subjects = Array.from({ length: 10 }, newSubject)
      const { seen, handler } = collector()
      for (const subject of subjects) await bus.subscribe(subject, handler)
      const expected = Array.from({ length: 2_000 }, (_, index) => ({ subject: subjects[(index * 7) % 10]!, text: String(index) }))
      for (const { subject, text } of expected) bus.publish([subject], payload(text))
      await flush()
      expect(seen).toEqual(expected.map(({ subject, text }) => `${subject}:${text}`))
    })

    it('keeps the order when a handler publishes', async () => {
      const [question, answer] = [newSubject(), newSubject()]
      const first: string[] = []
      const second = collector()
      await bus.subscribe(question, () => {
        first.push('asked')
        bus.publish([answer], payload('answer'))
      })
      await bus.subscribe(question, second.handler)
      await bus.subscribe(answer, second.handler)
      bus.publish([question], payload('question'))
      await eventually(() => expect(second.seen).toEqual([`${question}:question`, `${answer}:answer`]))
      expect(first).toEqual(['asked'])
    })

    it('hands over bytes as they were published, empty and large ones too', async () => {
      const subject = newSubject()
      const got: Uint8Array[] = []
      await bus.subscribe(subject, (bytes) => got.push(bytes))
      const messages = [new Uint8Array(0), Uint8Array.from({ length: 256 }, (_, value) => value), new Uint8Array(300_000).fill(9)]
      for (const message of messages) bus.publish([subject], message)
      await eventually(() => expect(got).toHaveLength(3))
      expect(got.map((bytes, index) => Buffer.compare(bytes, messages[index]!))).toEqual([0, 0, 0])
    })

    it('hands over nothing after unsubscribing, and goes on with the others', async () => {
      const subject = newSubject()
      const [one, two] = [collector(), collector()]
      const unsubscribe = await bus.subscribe(subject, one.handler)
      await bus.subscribe(subject, two.handler)
      unsubscribe()
      unsubscribe()
      bus.publish([subject], payload('x'))
      await flush()
      expect([one.seen, two.seen]).toEqual([[], [`${subject}:x`]])
    })

    it('takes one handler twice, and each unsubscribes by itself', async () => {
      const subject = newSubject()
      const { seen, handler } = collector()
      const unsubscribe = await bus.subscribe(subject, handler)
      await bus.subscribe(subject, handler)
      bus.publish([subject], payload('x'))
      await flush()
      expect(seen).toHaveLength(2)
      unsubscribe()
      bus.publish([subject], payload('y'))
      await flush()
      expect(seen).toHaveLength(3)
    })

    it('can be subscribed to again after everybody left', async () => {
      const subject = newSubject()
      const { seen, handler } = collector()
      const leave = await bus.subscribe(subject, handler)
      leave()
      await bus.subscribe(subject, handler)
      bus.publish([subject], payload('x'))
      await flush()
      expect(seen).toEqual([`${subject}:x`])
    })

    it('a handler that unsubscribes itself does not stop the others', async () => {
      const subject = newSubject()
      const { seen, handler } = collector()
      const unsubscribe = await bus.subscribe(subject, () => unsubscribe())
      await bus.subscribe(subject, handler)
      bus.publish([subject], payload('x'))
      bus.publish([subject], payload('y'))
      await flush()
      expect(seen).toEqual([`${subject}:x`, `${subject}:y`])
    })

    it('a handler that throws stops neither the publisher nor the others', async () => {
      const subject = newSubject()
      const { seen, handler } = collector()
      const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
      await bus.subscribe(subject, () => {
        throw new Error('broken handler')
      })
      await bus.subscribe(subject, handler)
      bus.publish([subject], payload('x'))
      bus.publish([subject], payload('y'))
      await flush()
      warned.mockRestore()
      expect(seen).toEqual([`${subject}:x`, `${subject}:y`])
    })

    it('publishes to nobody without complaint', async () => {
      bus.publish([], payload('x'))
      bus.publish([newSubject()], payload('x'))
      await flush()
    })

    it('serves thousands of subjects', async () => {
      const subjects = Array.from({ length: 5_000 }, newSubject)
      let got = 0
      const unsubscribes = await Promise.all(subjects.map((subject) => bus.subscribe(subject, () => got++)))
      bus.publish(subjects, payload('x'))
      await eventually(() => expect(got).toBe(5_000))
      for (const unsubscribe of unsubscribes) unsubscribe()
      bus.publish(subjects, payload('y'))
      await flush()
      expect(got).toBe(5_000)
    })

    it('has brought away what was published before a flush', async () => {
      const subject = newSubject()
      let got = 0
      const unsubscribe = await bus.subscribe(subject, () => got++)
      for (let i = 0; i < 100; i++) bus.publish([subject], payload('x'))
      await bus.flush()
      await eventually(() => expect(got).toBe(100))
      unsubscribe()
    })

    it('reports no loss while nothing is lost', async () => {
      let losses = 0
      const count = () => {
        losses += 1
      }
      const unsubscribe = bus.onLoss({ began: count, over: count })
      bus.publish([newSubject()], payload('x'))
      await flush()
      unsubscribe()
      expect(losses).toBe(0)
    })
  })
}
