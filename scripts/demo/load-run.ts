import { setTimeout as sleep } from 'node:timers/promises'
import type { Load } from '../../packages/testkit/src/index.ts'

const LOOK_MS = 250
/** Of what a rate asks for, so much has to be accepted for it to have held: some is on its way when the time is over. */
const HELD = 0.995
/** How long a rate is tried while the highest one is looked for. */
const TRY_MS = 4_000
const STEPS = 12
const FIRST_PER_SECOND = 200
/** So far behind its senders a system may be, as the seconds in which it delivers that much. */
const MAX_BEHIND_SECONDS = 1

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
  const held = end.accepted >= HELD * perSecond * end.seconds && end.behind <= MAX_BEHIND_SECONDS * perSecond
  return { ...end, held, from, to: performance.now() }
}

/** The highest rate that held for a few seconds: up in steps until one does not hold, then between the two. */
export async function findRate(load: Load, tell: (standing: Standing) => void): Promise<number> {
  let [good, bad] = [FIRST_PER_SECOND / 1.4, Number.POSITIVE_INFINITY]
  for (let step = 0; step < STEPS; step++) {
    const next = bad === Number.POSITIVE_INFINITY ? good * 1.4 : (good + bad) / 2
    const { held, behind } = await hold(load, next, TRY_MS, tell)
    if (held) good = next
    else {
      bad = next
      await hold(load, good / 2, Math.min(10_000, (2_000 * behind) / good), tell)
    }
  }
  return good
}
