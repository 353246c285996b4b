import { expect, test } from 'vitest'
import { decodeEvent, encodeEvent } from './event-codec.ts'

test.each([
  { position: 1n, tenantId: 't', conversationId: 'c', event: Uint8Array.from([1, 2, 3]) },
  { position: 2n ** 60n, tenantId: 'мандант', conversationId: '', event: new Uint8Array(0) },
])('decodes what it encoded: %o', (event) => {
  const decoded = decodeEvent(encodeEvent(event))
  expect({ ...decoded, event: Uint8Array.from(decoded.event) }).toEqual(event)
})
