import { expect, test } from 'vitest'
import { decodeEvent, encodeEvent } from './event-codec.ts'

test.each([
  { position: 1n, tenantId: 't', conversationId: 'c', event: Uint8Array.from([1, 2, 3]) },
  { position: 2n ** 60n, tenantId: 'мандант', conversationId: '', event: new Uint8Array(0) },
])('decodes what it encoded: %o', (event) => {
  const decoded = decodeEvent(encodeEvent(event))
  expect({ ...decoded, event: Uint8Array.from(decoded.event) }).toEqual(event)
})

// Streams hold such messages for days: see docs/adr/0014-readers-before-writers.md.
test('reads what earlier versions wrote', () => {
  const message = Buffer.from('000000000000002a0004000261636d656331010203', 'hex')
  const decoded = decodeEvent(message)
  expect({ ...decoded, event: [...decoded.event] }).toEqual({ position: 42n, tenantId: 'acme', conversationId: 'c1', event: [1, 2, 3] })
  expect(Buffer.from(encodeEvent(decoded))).toEqual(message)
})
