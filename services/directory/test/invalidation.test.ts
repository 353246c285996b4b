import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Invalid, Invalidations } from '../src/invalidation.ts'
import { FakeGateway } from './fake-gateway.ts'
import { FakeBus, FakeClock } from './fakes.ts'

const bus = () => new FakeBus()
const membership: Invalid = { case: 'membership', value: { conversationId: 'c', removed: ['ana'] } }

let setup: Awaited<ReturnType<typeof start>>
async function start() {
  const [shared, clock] = [bus(), new FakeClock()]
  const early = await new FakeGateway(shared, 'early').start()
  const invalidations = new Invalidations({ bus: shared, clock })
  await invalidations.start()
  return { bus: shared, clock, early, invalidations }
}

/** Whether a promise has resolved, after everything that needs no time has happened. */
async function isDone(promise: Promise<void>): Promise<boolean> {
  let done = false
  void promise.then(() => {
    done = true
  })
  await vi.advanceTimersByTimeAsync(0)
  return done
}

beforeEach(async () => {
  vi.useFakeTimers()
  setup = await start()
})
afterEach(() => {
  setup.invalidations[Symbol.dispose]()
  vi.useRealTimers()
})

describe('an invalidation', () => {
  it('reaches every gateway, and resolves when all have acknowledged', async () => {
    const { bus, invalidations, early } = setup
    const late = await new FakeGateway(bus, 'late').start()
    late.stuck = true
    const acknowledged = invalidations.invalidate('t', membership)
    expect(early.taken.at(-1)).toMatchObject({
      tenantId: 't',
      kind: { case: 'membership', value: { conversationId: 'c', removed: ['ana'] } },
    })
    expect(await isDone(acknowledged)).toBe(false)
    late.acknowledge(early.taken.at(-1)!.invalidationId)
    expect(await isDone(acknowledged)).toBe(true)
  })

  it('waits no longer than what gateways were told before may be relied on', async () => {
    const { invalidations, early } = setup
    early.stuck = true
    const acknowledged = invalidations.invalidate('t', membership)
    await vi.advanceTimersByTimeAsync(1999)
    expect(await isDone(acknowledged)).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(await isDone(acknowledged)).toBe(true)
  })

  it('is not resolved by the acknowledgement of another one, or of one gateway twice', async () => {
    const { bus, invalidations, early } = setup
    const late = await new FakeGateway(bus, 'late').start()
    late.stuck = true
    const acknowledged = invalidations.invalidate('t', membership)
    early.acknowledge(early.taken.at(-1)!.invalidationId)
    late.acknowledge('another')
    expect(await isDone(acknowledged)).toBe(false)
  })

  it('does not wait for a gateway that says goodbye', async () => {
    const { invalidations, early } = setup
    early.stuck = true
    const acknowledged = invalidations.invalidate('t', membership)
    early.hello(true)
    expect(await isDone(acknowledged)).toBe(true)
    expect(await isDone(invalidations.invalidate('t', membership))).toBe(true)
  })

  it('does not wait for a gateway that was silent for 3 seconds', async () => {
    const { invalidations, early, clock } = setup
    early.stuck = true
    clock.advance(2999)
    expect(await isDone(invalidations.invalidate('t', membership))).toBe(false)
    clock.advance(1)
    expect(await isDone(invalidations.invalidate('t', membership))).toBe(true)
  })

  it('waits for a gateway that was there before the directory', async () => {
    const { invalidations, early } = setup
    expect(early.taken).toMatchObject([{ kind: { case: undefined } }])
    early.stuck = true
    expect(await isDone(invalidations.invalidate('t', membership))).toBe(false)
  })

  it('resolves at once when there is no gateway', async () => {
    const lonely = new Invalidations({ bus: bus(), clock: new FakeClock() })
    await lonely.start()
    expect(await isDone(lonely.invalidate('t', membership))).toBe(true)
  })

  it('keeps nobody waiting when the service stops', async () => {
    const { invalidations, early } = setup
    early.stuck = true
    const acknowledged = invalidations.invalidate('t', membership)
    invalidations[Symbol.dispose]()
    expect(await isDone(acknowledged)).toBe(true)
  })
})
