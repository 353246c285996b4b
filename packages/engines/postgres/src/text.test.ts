import fc from 'fast-check'
import { expect, it } from 'vitest'
import { fromStored, toStored } from './text.ts'

const awkward = fc.string({ unit: fc.constantFrom('\0', '\u001a', '0', '1', '\\', '🙂', 'a', '\n') })

it('gives every text back, and stores no U+0000', () => {
  fc.assert(
    fc.property(awkward, (text) => {
      const stored = toStored(text)
      expect(stored).not.toContain('\0')
      expect(fromStored(stored)).toBe(text)
    }),
  )
})

it('stores different texts differently', () => {
  fc.assert(fc.property(awkward, awkward, (one, other) => (toStored(one) === toStored(other)) === (one === other)))
})

it('leaves ordinary text and JSON as they are', () => {
  const json = JSON.stringify({ 'a\0b': 'c\u001ad', e: 'Zoë \\ " 🙂' })
  expect(toStored(json)).toBe(json)
})
