import { describe, expect, it } from 'vitest'
import { KeyedQueue } from './keyed-queue.ts'

describe('a keyed queue', () => {
  it('runs the work of one key in turn, and that of others meanwhile', async () => {
    const queue = new KeyedQueue()
    const order: string[] = []
    const { promise: gate, resolve: open } = Promise.withResolvers<void>()
    const slow = queue.run('a', async () => {
      await gate
      order.push('slow')
    })
    const next = queue.run('a', async () => void order.push('next'))
    await queue.run('b', async () => void order.push('other'))
    open()
    await Promise.all([slow, next])
    expect(order).toEqual(['other', 'slow', 'next'])
  })

  it('goes on after work that failed', async () => {
    const queue = new KeyedQueue()
    const failing = queue.run('a', () => Promise.reject(new Error('broken')))
    const next = queue.run('a', async () => 'fine')
    await expect(failing).rejects.toThrow('broken')
    expect(await next).toBe('fine')
    await queue.idle()
  })
})
