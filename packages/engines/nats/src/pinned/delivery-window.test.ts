import { beforeEach, describe, expect, test } from 'vitest'
import { DeliveryWindow } from './delivery-window.ts'

let window: DeliveryWindow
const offer = (position: number, delivery: number, pin = 'a') => window.offer({ pin, position, delivery })

/** An owner that starts at a position, as far as the reset. */
function startAt(from: number | undefined, pin = 'a'): void {
  expect(offer(999, 77, pin)).toBe('restart')
  expect(window.needsStart).toBe(true)
  window.beginStart()
  window.awaitFrom(from)
}

beforeEach(() => {
  window = new DeliveryWindow()
})

test('takes nothing before the position is known, whatever comes first', () => {
  expect(offer(1, 1)).toBe('restart')
  expect(offer(2, 2)).toBe('drop')
  window.beginStart()
  expect(offer(3, 3)).toBe('drop')
})

test('takes a run from the position it asked for', () => {
  startAt(10)
  expect([offer(10, 1), offer(11, 2), offer(12, 3)]).toEqual(['take', 'take', 'take'])
})

test('drops what was on its way before the reset, and says that the first is missing', () => {
  startAt(10)
  expect([offer(400, 8), offer(10, 1)]).toEqual(['stalled', 'take'])
})

test('begins anew when a delivery is missing', () => {
  startAt(10)
  offer(10, 1)
  expect(offer(12, 3)).toBe('restart')
  expect(window.needsStart).toBe(true)
})

test('begins anew when a position is missing', () => {
  startAt(10)
  offer(10, 1)
  expect(offer(12, 2)).toBe('restart')
})

test('acknowledges again what is done, and leaves alone what it still holds', () => {
  startAt(10)
  for (const step of [0, 1, 2]) offer(10 + step, 1 + step)
  window.complete(11)
  expect([offer(10, 4), offer(11, 5), offer(12, 6), offer(13, 7)]).toEqual(['ack', 'ack', 'drop', 'take'])
})

test('begins anew when the run starts elsewhere: another owner has reset the consumer', () => {
  startAt(10)
  expect(offer(15, 1)).toBe('restart')
})

test('passes over what comes before the position it asked for', () => {
  startAt(10)
  expect([offer(8, 1), offer(9, 2), offer(10, 3)]).toEqual(['ack', 'ack', 'take'])
})

test('begins where the server does when it does not know the position', () => {
  startAt(undefined)
  expect([offer(40, 1), offer(41, 2)]).toEqual(['take', 'take'])
})

describe('when ownership moves', () => {
  test('a new pin makes everything before it void', () => {
    startAt(10)
    offer(10, 1)
    const { epoch } = window
    expect(offer(11, 2, 'b')).toBe('restart')
    expect(window.epoch).not.toBe(epoch)
    expect(window.pin).toBe('b')
  })

  test('without a pin it asks for nothing', () => {
    startAt(10)
    window.unpin()
    expect(window.needsStart).toBe(false)
    expect(offer(11, 2)).toBe('restart')
  })
})
