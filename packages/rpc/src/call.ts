import type { DescMethod } from '@bufbuild/protobuf'
import { ChatError } from '@chat4all/base'
import type { CallContext, Principal } from './handler.ts'

/** One call on its way through a front. The abort controller is made only when somebody looks at the signal: most calls never do. */
export class Call implements CallContext {
  readonly method: DescMethod
  readonly requestId: string
  readonly startedAt = performance.now()
  principal: Principal | undefined
  deadlineAt: number | undefined
  traceparent: string | undefined
  #aborted: ChatError | undefined
  #controller: AbortController | undefined
  #onAbort: (() => void) | undefined

  constructor(method: DescMethod, requestId: string) {
    this.method = method
    this.requestId = requestId
  }

  /** Notes that the caller waits no longer than this. */
  setTimeout(timeoutMs: number | undefined): void {
    if (timeoutMs !== undefined) this.deadlineAt = performance.now() + timeoutMs
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted)
    }
    return this.#controller.signal
  }

  /** Why the call was cut short, if it was. */
  get aborted(): ChatError | undefined {
    return this.#aborted
  }

  onAbort(listener: () => void): void {
    if (this.#aborted !== undefined) return listener()
    const before = this.#onAbort
    this.#onAbort =
      before === undefined
        ? listener
        : () => {
            before()
            listener()
          }
  }

  /** Cuts the call short. Only the first reason counts. */
  abort(reason: ChatError): void {
    if (this.#aborted !== undefined) return
    this.#aborted = reason
    this.#controller?.abort(reason)
    this.#onAbort?.()
  }
}

export const cancelled = (): ChatError => new ChatError('CANCELLED', 'The caller went away.')
export const deadlineExceeded = (): ChatError => new ChatError('DEADLINE_EXCEEDED', 'The deadline of the call passed.')
export const shuttingDown = (): ChatError => new ChatError('SHUTTING_DOWN', 'The server is shutting down. Reconnect after a pause.')
