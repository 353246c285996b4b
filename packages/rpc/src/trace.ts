import { AsyncLocalStorage } from 'node:async_hooks'

/** Carries the trace context between processes. Source: https://www.w3.org/TR/trace-context/#traceparent-header */
export const TRACE_HEADER = 'traceparent'

const TRACEPARENT = /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/

/** What is done for a call, and so for its trace. Look-ups that calls share are done for the first of them. */
const traces = new AsyncLocalStorage<string>()

/** The header if it is a valid trace context. */
export function traceparentFrom(header: string | undefined): string | undefined {
  return header !== undefined && TRACEPARENT.test(header) ? header : undefined
}

export function traceIdOf(traceparent: string | undefined): string | undefined {
  return traceparent?.slice(3, 35)
}

/** Does the work for a trace. Calls without one cost nothing. */
export function withTrace<T>(traceparent: string | undefined, work: () => T): T {
  return traceparent === undefined ? work() : traces.run(traceparent, work)
}

/** The trace that the current work belongs to. */
export function currentTrace(): string | undefined {
  return traces.getStore()
}
