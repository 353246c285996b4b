import { silentLogger } from '@chat4all/base'
import { expect, test, vi } from 'vitest'
import { withServers } from './testing/with-servers.ts'
import { NatsWorkQueue } from './work-queue.ts'

const eventually = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 10 })
const work = (id: string) => ({ id, payload: Buffer.from(id) })

withServers({ size: 1 }, (at) => {
  const open = async () => {
    const connection = await at.connect()
    return { connection, queue: await NatsWorkQueue.open(connection, { replicas: 1, logger: silentLogger, ackWaitMs: 1_000 }) }
  }

  test('work of a process that died comes again, and dies when that happens too often', async () => {
    const [{ connection, queue: dying }, { queue }] = [await open(), await open()]
    await queue.enqueue('q', work('w'))
    let begun = false
    const never = () => {
      begun = true
      return new Promise<never>(() => {})
    }
    void dying.work('q', never, { concurrency: 1, maxAttempts: 2 }, new AbortController().signal)
    await eventually(() => expect(begun).toBe(true))
    await connection.close()
    const attempts: number[] = []
    const stop = new AbortController()
    const handle = async ({ attempt }: { readonly attempt: number }) => {
      attempts.push(attempt)
      return { kind: 'retry', afterMs: 1, reason: 'not yet' } as const
    }
    const ended = queue.work('q', handle, { concurrency: 1, maxAttempts: 2 }, stop.signal)
    await eventually(async () => expect(await queue.deadLetters('q', 0n, 10)).toMatchObject([{ id: 'w', attempts: 2 }]))
    stop.abort()
    await ended
    expect(attempts).toEqual([2])
  })

  test('a handler may take longer than the server waits', async () => {
    const { queue } = await open()
    await queue.enqueue('long', work('w'))
    const attempts: number[] = []
    const stop = new AbortController()
    const handle = async ({ attempt }: { readonly attempt: number }) => {
      attempts.push(attempt)
      await new Promise((resolve) => setTimeout(resolve, 2_500))
      stop.abort()
      return { kind: 'done' } as const
    }
    await queue.work('long', handle, { concurrency: 2, maxAttempts: 5 }, stop.signal)
    expect(attempts).toEqual([1])
    await queue[Symbol.asyncDispose]()
  })
})
