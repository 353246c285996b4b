import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { NewWork, Work, WorkerOptions, WorkOutcome, WorkQueue } from '../work-queue.ts'

/** What the suite needs of an engine. */
export interface WorkQueueFixture {
  /** Opens the engine on the same storage each time, which is empty at first. The suite disposes of what it opened before it opens again. */
  open(): Promise<WorkQueue>
}

let count = 0
/** A queue that no other test uses: tests share one storage. */
const newQueue = () => `queue-${++count}`
const piece = (id: string, payload: Uint8Array = Buffer.from(`payload of ${id}`)): NewWork => ({ id, payload })
const ids = (works: readonly { readonly id: string }[]) => works.map(({ id }) => id)
const eventually = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 30_000, interval: 5 })
const DONE: WorkOutcome = { kind: 'done' }
const retry = (afterMs = 1): WorkOutcome => ({ kind: 'retry', afterMs, reason: 'not yet' })

/** A worker that keeps what it was given, and says of everything that it is done unless a test says otherwise. */
class Worker {
  readonly seen: Work[] = []
  readonly #stop = new AbortController()
  #ended: Promise<void> = Promise.resolve()
  outcome: (work: Work) => Promise<WorkOutcome> | WorkOutcome = () => DONE

  on(queue: WorkQueue, name: string, options: Partial<WorkerOptions> = {}): this {
    const handle = async (work: Work) => {
      this.seen.push(work)
      return this.outcome(work)
    }
    this.#ended = queue.work(name, handle, { concurrency: 4, maxAttempts: 3, ...options }, this.#stop.signal)
    return this
  }

  /** Resolves when `work` has. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#ended
  }
}

/** Cases of the WorkQueue contract. */
export function workQueueConformance(engine: string, fixture: WorkQueueFixture): void {
  describe(`WorkQueue on ${engine}`, () => {
    let queue: WorkQueue
    beforeAll(async () => {
      queue = await fixture.open()
    })
    afterAll(() => queue[Symbol.asyncDispose]())

    const reopen = async () => {
      await queue[Symbol.asyncDispose]()
      queue = await fixture.open()
    }
    const dead = (name: string) => queue.deadLetters(name, 0n, 100)

    it('hands out what was added, once when it is done', async () => {
      const name = newQueue()
      await Promise.all(Array.from({ length: 50 }, (_, index) => queue.enqueue(name, piece(`w${index}`))))
      const worker = new Worker().on(queue, name)
      await eventually(() => expect(worker.seen.length).toBeGreaterThanOrEqual(50))
      await worker.stop()
      expect(new Set(ids(worker.seen)).size).toBe(50)
      expect(worker.seen).toHaveLength(50)
      expect(worker.seen.every(({ attempt }) => attempt === 1)).toBe(true)
      const none = new Worker().on(queue, name)
      await queue.enqueue(name, piece('last'))
      await eventually(() => expect(ids(none.seen)).toEqual(['last']))
      await none.stop()
    })

    it('hands out what is added while workers wait', async () => {
      const name = newQueue()
      const worker = new Worker().on(queue, name)
      for (const id of ['a', 'b', 'c']) {
        await queue.enqueue(name, piece(id))
        await eventually(() => expect(ids(worker.seen)).toContain(id))
      }
      await worker.stop()
    })

    it('keeps ids and bytes unchanged', async () => {
      const name = newQueue()
      const works = [
        piece('ключ/消息/🔑', new Uint8Array(0)),
        piece(
          'x'.repeat(200),
          Uint8Array.from({ length: 256 }, (_, value) => value),
        ),
        piece('large', new Uint8Array(256 * 1024).fill(7)),
      ]
      for (const work of works) await queue.enqueue(name, work)
      const worker = new Worker().on(queue, name)
      await eventually(() => expect(worker.seen).toHaveLength(3))
      await worker.stop()
      for (const work of works) {
        const seen = worker.seen.find(({ id }) => id === work.id)!
        expect(Buffer.compare(seen.payload, work.payload)).toBe(0)
      }
    })

    it('adds a repeated id once, and again in another queue', async () => {
      const [name, other] = [newQueue(), newQueue()]
      for (const target of [name, name, other]) await queue.enqueue(target, piece('same'))
      const workers = [new Worker().on(queue, name), new Worker().on(queue, other)]
      await queue.enqueue(name, piece('same'))
      await queue.enqueue(name, piece('after'))
      await eventually(() => expect(ids(workers[0]!.seen)).toContain('after'))
      await eventually(() => expect(ids(workers[1]!.seen)).toEqual(['same']))
      for (const worker of workers) await worker.stop()
      expect(ids(workers[0]!.seen).sort()).toEqual(['after', 'same'])
    })

    it('still has after a restart what was added before, and nothing that was done', async () => {
      const name = newQueue()
      await queue.enqueue(name, piece('done'))
      const before = new Worker().on(queue, name)
      await eventually(() => expect(before.seen).toHaveLength(1))
      await before.stop()
      await queue.enqueue(name, piece('waiting'))
      await reopen()
      const after = new Worker().on(queue, name)
      await eventually(() => expect(after.seen).toHaveLength(1))
      await after.stop()
      expect(ids(after.seen)).toEqual(['waiting'])
    })

    it('hands out again what is to be retried, not before its time, counting the attempts', async () => {
      const name = newQueue()
      const at: number[] = []
      const worker = new Worker()
      worker.outcome = ({ attempt }) => {
        at.push(performance.now())
        return attempt < 3 ? retry(300) : DONE
      }
      worker.on(queue, name, { maxAttempts: 5 })
      await queue.enqueue(name, piece('later'))
      await eventually(() => expect(worker.seen).toHaveLength(3))
      await worker.stop()
      expect(worker.seen.map(({ attempt }) => attempt)).toEqual([1, 2, 3])
      expect(at[1]! - at[0]!).toBeGreaterThanOrEqual(290)
      expect(at[2]! - at[1]!).toBeGreaterThanOrEqual(290)
    })

    it('goes on with other work while some waits to be retried', async () => {
      const name = newQueue()
      const worker = new Worker()
      worker.outcome = ({ id }) => (id === 'slow' ? retry(20_000) : DONE)
      worker.on(queue, name, { concurrency: 1 })
      await queue.enqueue(name, piece('slow'))
      await queue.enqueue(name, piece('quick'))
      await eventually(() => expect(ids(worker.seen)).toEqual(['slow', 'quick']))
      await worker.stop()
    })

    it('takes a handler that throws for one that wants another attempt', async () => {
      const name = newQueue()
      const worker = new Worker()
      worker.outcome = ({ attempt }) => {
        if (attempt === 1) throw new Error('broken')
        return DONE
      }
      worker.on(queue, name)
      await queue.enqueue(name, piece('w'))
      await eventually(() => expect(worker.seen).toHaveLength(2))
      await worker.stop()
      expect(await dead(name)).toEqual([])
    })

    it('works on as many pieces at the same time as it was told, and no more', async () => {
      const name = newQueue()
      const releases: (() => void)[] = []
      const worker = new Worker()
      worker.outcome = () => new Promise((resolve) => releases.push(() => resolve(DONE)))
      worker.on(queue, name, { concurrency: 3 })
      for (let index = 0; index < 7; index += 1) await queue.enqueue(name, piece(`w${index}`))
      await eventually(() => expect(releases).toHaveLength(3))
      releases.shift()!()
      await eventually(() => expect(worker.seen).toHaveLength(4))
      expect(releases).toHaveLength(3)
      const freeing = setInterval(() => releases.shift()?.(), 5)
      await eventually(() => expect(worker.seen).toHaveLength(7))
      await worker.stop()
      clearInterval(freeing)
    })

    it('hands each piece to one of several workers', async () => {
      const name = newQueue()
      const workers = [new Worker().on(queue, name), new Worker().on(queue, name), new Worker().on(queue, name)]
      const all = () => workers.flatMap(({ seen }) => ids(seen))
      for (let index = 0; index < 60; index += 1) await queue.enqueue(name, piece(`w${index}`))
      await eventually(() => expect(all().length).toBeGreaterThanOrEqual(60))
      for (const worker of workers) await worker.stop()
      expect(all()).toHaveLength(60)
      expect(new Set(all()).size).toBe(60)
    })

    it('waits for handlers under way when it ends, and begins nothing more', async () => {
      const name = newQueue()
      const { promise: released, resolve: release } = Promise.withResolvers<WorkOutcome>()
      const worker = new Worker()
      worker.outcome = () => released
      worker.on(queue, name, { concurrency: 1 })
      await queue.enqueue(name, piece('first'))
      await queue.enqueue(name, piece('second'))
      await eventually(() => expect(worker.seen).toHaveLength(1))
      const stopped = worker.stop()
      release(DONE)
      await stopped
      expect(ids(worker.seen)).toEqual(['first'])
      const next = new Worker().on(queue, name)
      await eventually(() => expect(next.seen).toHaveLength(1))
      await next.stop()
      expect(ids(next.seen)).toEqual(['second'])
    })

    it('ends when the signal aborts, with nothing to do, and when it had aborted before', async () => {
      const name = newQueue()
      const worker = new Worker().on(queue, name)
      await worker.stop()
      await queue.enqueue(name, piece('w'))
      const seen: Work[] = []
      const handle = async (work: Work) => {
        seen.push(work)
        return DONE
      }
      await queue.work(name, handle, { concurrency: 1, maxAttempts: 1 }, AbortSignal.abort())
      expect([worker.seen, seen]).toEqual([[], []])
    })

    describe('dead letters', () => {
      /** Adds work and lets it die at once, in this order. */
      const bury = async (name: string, ...names: readonly string[]) => {
        const worker = new Worker()
        worker.outcome = ({ id }) => ({ kind: 'dead', reason: `no ${id}` })
        worker.on(queue, name)
        for (const [index, id] of names.entries()) {
          await queue.enqueue(name, piece(id))
          await eventually(async () => expect(await dead(name)).toHaveLength(index + 1))
        }
        await worker.stop()
      }

      it('keep what a handler gave up, with the reason', async () => {
        const name = newQueue()
        expect(await dead(name)).toEqual([])
        await bury(name, 'a', 'b', 'c')
        const letters = await dead(name)
        expect(letters.map(({ id, reason, attempts }) => ({ id, reason, attempts }))).toEqual([
          { id: 'a', reason: 'no a', attempts: 1 },
          { id: 'b', reason: 'no b', attempts: 1 },
          { id: 'c', reason: 'no c', attempts: 1 },
        ])
        expect(Buffer.from(letters[0]!.payload).toString()).toBe('payload of a')
        expect(ids(await queue.deadLetters(name, letters[0]!.position, 1))).toEqual(['b'])
        await reopen()
        expect(ids(await dead(name))).toEqual(['a', 'b', 'c'])
      })

      it('keep what was tried too often', async () => {
        const name = newQueue()
        const worker = new Worker()
        worker.outcome = () => retry()
        worker.on(queue, name, { maxAttempts: 3 })
        await queue.enqueue(name, piece('w'))
        await eventually(async () => expect(await dead(name)).toMatchObject([{ id: 'w', reason: 'not yet', attempts: 3 }]))
        await worker.stop()
        expect(worker.seen).toHaveLength(3)
      })

      it('work again when they are revived, with their attempts counted anew', async () => {
        const name = newQueue()
        await bury(name, 'a', 'b')
        const [a, b] = await dead(name)
        await queue.revive(name, b!.position)
        expect(ids(await dead(name))).toEqual(['a'])
        const worker = new Worker().on(queue, name)
        await eventually(() => expect(worker.seen).toMatchObject([{ id: 'b', attempt: 1 }]))
        await queue.revive(name, b!.position)
        await queue.revive(name, a!.position)
        await eventually(() => expect(ids(worker.seen)).toEqual(['b', 'a']))
        await worker.stop()
        expect(await dead(name)).toEqual([])
      })

      it('can die again', async () => {
        const name = newQueue()
        await bury(name, 'a')
        const [first] = await dead(name)
        await queue.revive(name, first!.position)
        const worker = new Worker()
        worker.outcome = () => ({ kind: 'dead', reason: 'again' })
        worker.on(queue, name)
        await eventually(async () => expect(await dead(name)).toMatchObject([{ id: 'a', reason: 'again' }]))
        await worker.stop()
      })

      it('are forgotten when they are discarded', async () => {
        const name = newQueue()
        await bury(name, 'a', 'b')
        const [a, b] = await dead(name)
        await queue.discard(name, a!.position)
        await queue.discard(name, a!.position)
        expect(ids(await dead(name))).toEqual(['b'])
        await queue.discard(name, b!.position)
        expect(await dead(name)).toEqual([])
      })
    })
  })
}
