import { agreement } from './checks/agreement.ts'
import { dedupe } from './checks/dedupe.ts'
import { durability } from './checks/durability.ts'
import { liveStreams } from './checks/live-streams.ts'
import { phantom } from './checks/phantom.ts'
import { realTimeOrder } from './checks/real-time-order.ts'
import { sessionOrder } from './checks/session-order.ts'
import { statusOnlyRises } from './checks/status.ts'
import { tenants } from './checks/tenants.ts'
import { wholeOrAbsent } from './checks/whole-or-absent.ts'
import { indexEvidence } from './evidence-index.ts'
import type { Evidence } from './history.ts'
import type { Check, Violation } from './violation.ts'

const CHECKS: readonly Check[] = [
  durability,
  phantom,
  agreement,
  dedupe,
  liveStreams,
  sessionOrder,
  realTimeOrder,
  statusOnlyRises,
  wholeOrAbsent,
  tenants,
]

/** Everything in the evidence that breaks a promise. Takes time in proportion to the evidence, apart from sorting the calls by time: ids are unique and a conversation has one order. */
export function check(evidence: Evidence): readonly Violation[] {
  const index = indexEvidence(evidence)
  return CHECKS.flatMap((one) => [...one(index)])
}
