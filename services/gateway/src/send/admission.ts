import { ChatError } from '@chat4all/base'
import type { Status } from '@chat4all/gen/google/rpc/status_pb.js'
import { statusOf } from '@chat4all/rpc'

/** How often the event loop's delay is looked at. */
const SAMPLE_MS = 20
/** Fewer sends than this are no overload, however slow the disk or the machine is for a moment. */
const CALM = 100

export interface AdmissionLimits {
  readonly maxSendsInFlight: number
  readonly maxSendLatencyMs: number
  readonly maxLoopDelayMs: number
}

/** Why a send is refused, as an error and as the status of a result. Made once: there may be tens of thousands of refusals a second. */
export interface Refusal {
  readonly error: ChatError
  readonly status: Status
}

function overloaded(): Refusal {
  const error = new ChatError('RATE_LIMITED', 'The server is overloaded. Try again after the given time.', { retryAfterMs: 1_000 })
  return { error, status: statusOf(error) }
}

/** Refuses sends early when there are more than can be answered soon: what is accepted stays fast, and callers learn to wait. */
export class Admission {
  readonly #limits: AdmissionLimits
  readonly #overloaded = overloaded()
  #timer: NodeJS.Timeout | undefined
  #inFlight = 0
  /** How long the send that was answered last had waited for the log. */
  #latencyMs = 0
  #loopDelayMs = 0
  #sampledAt = performance.now()

  constructor(limits: AdmissionLimits) {
    this.#limits = limits
  }

  /** Why a send has to be refused now, if it has to. Costs nothing: it is asked before anything else is done for a send. */
  get refusal(): Refusal | undefined {
    const { maxSendsInFlight, maxSendLatencyMs, maxLoopDelayMs } = this.#limits
    if (this.#inFlight < Math.min(CALM, maxSendsInFlight)) return undefined
    const late = this.#latencyMs > maxSendLatencyMs || this.#loopDelayMs > maxLoopDelayMs
    return late || this.#inFlight >= maxSendsInFlight ? this.#overloaded : undefined
  }

  /** Runs one send, unless it has to be refused: then throws RATE_LIMITED. */
  async run<T>(send: () => Promise<T>): Promise<T> {
    const refusal = this.refusal
    if (refusal !== undefined) throw refusal.error
    const enteredAt = performance.now()
    this.#inFlight++
    if (this.#inFlight >= CALM) this.#watch()
    try {
      return await send()
    } finally {
      this.#inFlight--
      this.#latencyMs = performance.now() - enteredAt
    }
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** Looks at the event loop's delay for as long as there are many sends. */
  #watch(): void {
    if (this.#timer !== undefined) return
    this.#sampledAt = performance.now()
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS).unref()
  }

  #sample(): void {
    const now = performance.now()
    this.#loopDelayMs = now - this.#sampledAt - SAMPLE_MS
    this.#sampledAt = now
    if (this.#inFlight > 0) return
    this.#latencyMs = this.#loopDelayMs = 0
    this.stop()
  }
}
