import { expect, test } from 'vitest'
import { readSettings } from './load-settings.ts'

test('the mesh gets 100,000 messages a minute, one process 300,000', () => {
  expect(readSettings([]).perSecond! * 60).toBeCloseTo(100_000)
  expect(readSettings(['--engine', 'single']).perSecond! * 60).toBeCloseTo(300_000)
})

test('the highest rate is no number', () => {
  expect(readSettings(['--per-minute', 'max']).perSecond).toBeUndefined()
})

test.each([
  [['--seconds', '0'], '--seconds takes a whole number above 0, not 0'],
  [['--per-minute', 'many'], '--per-minute takes a whole number above 0, not many'],
  [['--engine', 'two'], '--engine takes mesh or single, not two'],
])('%j is refused', (args, message) => {
  expect(() => readSettings(args)).toThrow(message)
})
