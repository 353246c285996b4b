import type { LiveBus, LiveHandler, Unsubscribe } from '@chat4all/ports'

interface Subscription {
  readonly handler: LiveHandler
}

/** The live bus inside one process: a table of handlers. `publish` calls them before it returns, unless it was called by one of them: then they are called in turn, so that all subscribers see one order. Nothing is ever lost, so `onLoss` never calls back. */
export class InProcessLiveBus implements LiveBus {
  readonly #subscriptions = new Map<string, Set<Subscription>>()
  readonly #queue: { readonly subjects: readonly string[]; readonly payload: Uint8Array }[] = []
  #delivering = false

  publish(subjects: readonly string[], payload: Uint8Array): void {
    if (this.#delivering) {
      this.#queue.push({ subjects, payload })
      return
    }
    this.#delivering = true
    this.#deliver(subjects, payload)
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) this.#deliver(next.subjects, next.payload)
    this.#delivering = false
  }

  #deliver(subjects: readonly string[], payload: Uint8Array): void {
    for (const subject of subjects) {
      for (const subscription of this.#subscriptions.get(subject) ?? []) call(subscription.handler, payload, subject)
    }
  }

  async subscribe(subject: string, handler: LiveHandler): Promise<Unsubscribe> {
    const subscription = { handler }
    const subscriptions = this.#subscriptions.get(subject) ?? new Set()
    this.#subscriptions.set(subject, subscriptions.add(subscription))
    return () => this.#unsubscribe(subject, subscription)
  }

  #unsubscribe(subject: string, subscription: Subscription): void {
    const subscriptions = this.#subscriptions.get(subject)
    if (!subscriptions?.delete(subscription) || subscriptions.size > 0) return
    this.#subscriptions.delete(subject)
  }

  async flush(): Promise<void> {}

  onLoss(): Unsubscribe {
    return () => {}
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#subscriptions.clear()
  }
}

/** A handler must not throw; one that does must not take others with it. */
function call(handler: LiveHandler, payload: Uint8Array, subject: string): void {
  try {
    handler(payload, subject)
  } catch (error) {
    process.emitWarning(error instanceof Error ? error : String(error))
  }
}
