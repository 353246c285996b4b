import { expect, test } from 'vitest'
import { decodeLetter, encodeLetter } from './letter-codec.ts'

test.each([
  { id: 'a', payload: Uint8Array.from([0, 255]), reason: '', attempts: 0 },
  { id: 'ключ', payload: new Uint8Array(0), reason: 'provider said 500 — twice', attempts: 12 },
])('decodes what it encoded: %o', (letter) => {
  const decoded = decodeLetter(encodeLetter(letter))
  expect({ ...decoded, payload: Uint8Array.from(decoded.payload) }).toEqual(letter)
})
