import type { DescMethod, DescService } from '@bufbuild/protobuf'
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt'
import { HEALTH_CHECKED } from './health-checked.ts'

/** A server that has not answered by then may hang: another one is asked as well, and the first answer counts. */
const HEDGING_DELAY = '0.5s'
const MAX_ATTEMPTS = 3

/**
 * How a channel balances and repeats calls. Only RPCs whose contract says that repeating is safe are repeated: at once on another
 * server when one is unavailable, beside the first attempt when it is silent. Failures use up the throttle, so that an outage is
 * not answered with three times the calls.
 * Source: https://github.com/grpc/proposal/blob/master/A6-client-retries.md
 */
export function serviceConfig(services: readonly DescService[]): object {
  const name = services.flatMap(({ typeName, methods }) =>
    methods.filter(isRepeatable).map((method) => ({ service: typeName, method: method.name })),
  )
  const hedgingPolicy = { maxAttempts: MAX_ATTEMPTS, hedgingDelay: HEDGING_DELAY, nonFatalStatusCodes: ['UNAVAILABLE'] }
  return {
    loadBalancingConfig: [{ [HEALTH_CHECKED]: {} }],
    retryThrottling: { maxTokens: 100, tokenRatio: 0.1 },
    methodConfig: [{ name, hedgingPolicy }],
  }
}

function isRepeatable({ idempotency, methodKind }: DescMethod): boolean {
  return methodKind === 'unary' && idempotency !== MethodOptions_IdempotencyLevel.IDEMPOTENCY_UNKNOWN
}
