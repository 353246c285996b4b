import { setTimeout as sleep } from 'node:timers/promises'
import type { Load } from '../../packages/testkit/src/index.ts'

const LOOK_MS = 250
/** Of what a rate asks for, so much has to be accepted for it to have held: some is on its way when the time is over. */
const HELD = 0.995
/** While the highest rate is looked for: how long one is tried, how much of it has to be accepted in so short a time, and how the next one is chosen. */
const TRY_MS = 6_000
/** Until batches have the size that goes with a rate. */
const SWING_MS = 4_000
const TRY_HELD = 0.95
const STEPS = 8
const FIRST = 0.6
const UP = 1.2
/** So far behind its senders a system may be, as the seconds in which it delivers that much. */
const MAX_BEHIND_SECONDS = 2

/** How a run stands. */
export interface Standing {
  readonly seconds: number
  readonly accepted: number
  /** Accepted and not delivered to everybody yet. */
  readonly behind: number
  readonly perSecond: number
}

/** What a rate did for the time given. */
export interface Held extends Standing {
  readonly from: number
  readonly to: number
  /** Whether everything was accepted at the rate, and delivered as fast. */
  readonly held: boolean
}

/** Sends at a rate for so long, and tells how it goes. */
export async function hold(load: Load, perSecond: number, ms: number, tell: (standing: Standing) => void): Promise<Held> {
  load.pace(perSecond)
  load.start()
  const from = performance.now()
  const before = load.progress
  const standing = (): Standing => {
    const { accepted, owed, arrived } = load.progress
    const seconds = (performance.now() - from) / 1000
    const copies = owed / Math.max(1, accepted)
    return { seconds, accepted: accepted - before.accepted, behind: Math.round((owed - arrived) / Math.max(1, copies)), perSecond }
  }
  while (performance.now() - from < ms) {
    await sleep(Math.min(LOOK_MS, ms))
    tell(standing())
  }
  const end = standing()
  const held = end.accepted >= HELD * perSecond * end.seconds && keepsUp(end)
  return { ...end, held, from, to: performance.now() }
}

function keepsUp({ behind, perSecond }: Standing): boolean {
  return behind <= MAX_BEHIND_SECONDS * perSecond
}

/** The highest rate that held for a few seconds. First sends as fast as there are answers, which warms up too; then goes up from a part of that until a rate does not hold, then between the two. */
export async function findRate(load: Load, warmUpMs: number, tell: (standing: Standing) => void): Promise<number> {
  const free = await hold(load, Number.POSITIVE_INFINITY, warmUpMs, tell)
  let [good, bad] = [(FIRST * free.accepted) / free.seconds / UP, Number.POSITIVE_INFINITY]
  await calmDown(load, free, good)
  for (let step = 0; step < STEPS; step++) {
    const next = bad === Number.POSITIVE_INFINITY ? good * UP : (good + bad) / 2
    await hold(load, next, SWING_MS, tell)
    const tried = await hold(load, next, TRY_MS, tell)
    if (tried.accepted >= TRY_HELD * tried.perSecond * tried.seconds && keepsUp(tried)) good = tried.perSecond
    else {
      bad = tried.perSecond
      await calmDown(load, tried, good)
    }
  }
  return good
}

/** Sends little until what had piled up should be delivered. */
async function calmDown(load: Load, { behind }: Standing, good: number): Promise<void> {
  await hold(load, good / 4, Math.min(10_000, (1_500 * behind) / good), () => {})
}
