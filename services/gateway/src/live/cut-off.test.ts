import type { LiveBus, LossHandler } from '@chat4all/ports'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { CutOff } from './cut-off.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function scene() {
  const changes: boolean[] = []
  const cutOff = new CutOff((now) => void changes.push(now))
  const handlers: LossHandler[] = []
  const onLoss = (handler: LossHandler) => {
    handlers.push(handler)
    return () => {}
  }
  const stop = cutOff.watch({ onLoss } as Pick<LiveBus, 'onLoss'> as LiveBus)
  return { changes, cutOff, loss: handlers[0]!, stop }
}

test('a connection that is back at once changes nothing', () => {
  const { changes, cutOff, loss } = scene()
  loss.began()
  vi.advanceTimersByTime(2_900)
  loss.over()
  vi.advanceTimersByTime(60_000)
  expect(changes).toEqual([])
  cutOff.refuse()
})

test('one that stays away turns clients away until it is back', () => {
  const { changes, cutOff, loss } = scene()
  loss.began()
  vi.advanceTimersByTime(2_000)
  loss.began()
  vi.advanceTimersByTime(1_100)
  expect(changes).toEqual([true])
  expect(() => cutOff.refuse()).toThrow(expect.objectContaining({ reason: 'ENGINE_UNAVAILABLE' }))
  loss.over()
  expect(changes).toEqual([true, false])
  cutOff.refuse()
})

test('nothing is said after the end', () => {
  const { changes, loss, stop } = scene()
  loss.began()
  stop()
  vi.advanceTimersByTime(60_000)
  expect(changes).toEqual([])
})
