import { expect, test } from 'vitest'
import { newId } from '../../packages/base/src/index.ts'
import { History } from '../../packages/testkit/src/index.ts'
import { Pulse } from './pulse.ts'

const WHERE = { tenant: 'acme', conversation: 'c1', bodyHash: 'h' }

/** A load of one sender and some receivers, as told by hand. */
function scene() {
  const history = new History()
  return {
    pulse: new Pulse(history),
    send(messageId: string, session = 1, outcome: 'ok' | 'unknown' = 'ok') {
      history.add({
        ...WHERE,
        op: 'send',
        proc: 'sender',
        messageId,
        session,
        callAt: performance.now(),
        returnAt: performance.now(),
        outcome,
      })
    },
    receive(messageId: string, sequence: bigint, { proc = 'receiver', session = 1, lateMs = 0 } = {}) {
      history.add({ ...WHERE, op: 'recv', proc, messageId, sequence, session, returnAt: performance.now() + lateMs })
    },
  }
}

test('counts messages once for each receiver, whatever comes again', () => {
  const { pulse, send, receive } = scene()
  const id = newId()
  send(id)
  receive(id, 1n)
  receive(id, 1n, { session: 2 })
  receive(id, 1n, { proc: 'other' })
  expect(pulse.stretch).toMatchObject({ acknowledged: 1, delivered: 2 })
})

test('tells the longest way of a message, stretch by stretch', () => {
  const { pulse, send, receive } = scene()
  const [first, second] = [newId(), newId()]
  send(first)
  receive(first, 1n, { lateMs: 3_000 })
  expect(pulse.next().longestDeliveryMs).toBeGreaterThanOrEqual(2_990)
  send(second)
  receive(second, 2n, { lateMs: 500 })
  expect(pulse.stretch.longestDeliveryMs).toBeLessThan(2_000)
})

test('knows which accepted message nobody has received', () => {
  const { pulse, send, receive } = scene()
  const [early, waiting, unknown] = [newId(), newId(), newId()]
  receive(early, 1n)
  send(early)
  send(unknown, 1, 'unknown')
  expect(pulse.waitingMs).toBe(0)
  send(waiting)
  expect(pulse.waitingMs).toBeGreaterThan(0)
  receive(waiting, 2n)
  expect(pulse.waitingMs).toBe(0)
})

test('names whose streams were opened again', () => {
  const { pulse, send, receive } = scene()
  send(newId())
  receive(newId(), 1n)
  expect([...pulse.next().reopened]).toEqual([])
  send(newId(), 2)
  expect([...pulse.next().reopened]).toEqual(['sender'])
  send(newId(), 2)
  expect([...pulse.next().reopened]).toEqual([])
})
