import { createInbox, type Msg, type NatsConnection, type Subscription } from '@nats-io/nats-core'
import { pause } from '../backoff.ts'

const ECHO_SUBJECT = 'live-loss.echo'
const HELLO_SUBJECT = 'live-loss.hello'
/** How long the servers with live buses may take to answer: at first, when it is unknown which there are, and later. */
const LEARN_MS = 250
const GIVE_UP_MS = 1_000

/** Tells when every server of a cluster knows the subscriptions of a connection: messages that are published there before it does are lost.
 *
 *  A server passes subscriptions and messages on to another in their order. So when an answer to a question has come
 *  from each server, what was subscribed before the question works there. On each server one of the live buses answers. */
export class ClusterBarrier {
  readonly #connection: NatsConnection
  /** Servers that have live buses, by their ids. */
  readonly #servers = new Set<string>()
  #echoes: Subscription | undefined
  readonly #hellos: Subscription

  constructor(connection: NatsConnection) {
    this.#connection = connection
    const meet = (_: Error | null, message: Msg) => void this.#servers.add(message.string())
    this.#hellos = connection.subscribe(HELLO_SUBJECT, { callback: meet })
  }

  /** Takes part, now that it is known to which server the connection leads. */
  async join(): Promise<void> {
    this.#echoes?.unsubscribe()
    const server = this.#connection.info?.server_id ?? ''
    const answer = (_: Error | null, message: Msg) => void message.respond(server)
    this.#echoes = this.#connection.subscribe(ECHO_SUBJECT, { queue: server, callback: answer })
    this.#connection.publish(HELLO_SUBJECT, server)
    await this.#ask(LEARN_MS, () => false)
  }

  /** Resolves when what was subscribed before works everywhere. A server that does not answer is not waited for again. */
  async pass(): Promise<void> {
    const silent = new Set(this.#servers)
    await this.#ask(GIVE_UP_MS, (server) => silent.delete(server) && silent.size === 0)
    for (const server of silent) this.#servers.delete(server)
  }

  /** Collects answers until one is the last, or the time is over. */
  async #ask(mostMs: number, isLast: (server: string) => boolean): Promise<void> {
    const done = new AbortController()
    const inbox = createInbox()
    const hear = (_: Error | null, message: Msg) => {
      const server = message.string()
      this.#servers.add(server)
      if (isLast(server)) done.abort()
    }
    const answers = this.#connection.subscribe(inbox, { callback: hear })
    this.#connection.publish(ECHO_SUBJECT, undefined, { reply: inbox })
    await pause(mostMs, done.signal)
    answers.unsubscribe()
  }

  leave(): void {
    this.#echoes?.unsubscribe()
    this.#hellos.unsubscribe()
  }
}
