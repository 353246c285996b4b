import type { Logger } from '@chat4all/base'
import type { DeadLetter, NewWork, Work, WorkerOptions, WorkOutcome, WorkQueue } from '@chat4all/ports'
import { type Consumer, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/nats-core'
import { pause } from './backoff.ts'
import { CODE, hasCode, portError } from './errors.ts'
import { listMessages } from './list-messages.ts'
import { OrderedPublisher } from './publish/ordered-publisher.ts'
import { applyTopology } from './topology/apply.ts'
import { deadStream, type Replicas, WORKER, workPlans, workStream } from './topology/table.ts'
import { type AttemptRules, attempt } from './work-queue/attempt.ts'
import { decodeLetter, encodeLetter, type Letter } from './work-queue/letter-codec.ts'

const API_TIMEOUT_MS = 2_000
const ACK_WAIT_MS = 60_000
/** Also how long an idle worker takes to end: a request for work is not taken back, since work could be on its way to it. */
const ASK_MS = 1_000
const PAUSE_AFTER_FAILURE_MS = 200
const MAX_PAYLOAD_BYTES = 256 * 1024
const MAX_ID_BYTES = 200
const QUEUE_NAME = /^[a-z0-9_-]{1,40}$/

type Handle = (work: Work) => Promise<WorkOutcome>

export interface NatsWorkQueueOptions {
  readonly replicas: Replicas
  readonly logger: Logger
  /** Work of a process that died comes again after this time. The first who uses a queue sets it. Default 60 seconds. */
  readonly ackWaitMs?: number
}

/** Who publishes to the two streams of a queue. */
interface Queue {
  readonly work: OrderedPublisher
  readonly dead: OrderedPublisher
}

/** Work queues in two streams each: one for the work, one for the dead letters. */
export class NatsWorkQueue implements WorkQueue {
  readonly #connection: NatsConnection
  readonly #jsm: JetStreamManager
  readonly #options: NatsWorkQueueOptions
  readonly #queues = new Map<string, Promise<Queue>>()
  readonly #closed = new AbortController()
  readonly #working = new Set<Promise<void>>()

  /** The connection stays the caller's. */
  static async open(connection: NatsConnection, options: NatsWorkQueueOptions): Promise<NatsWorkQueue> {
    const jsm = await jetstreamManager(connection, { timeout: API_TIMEOUT_MS, checkAPI: false })
    return new NatsWorkQueue(connection, jsm, options)
  }

  private constructor(connection: NatsConnection, jsm: JetStreamManager, options: NatsWorkQueueOptions) {
    this.#connection = connection
    this.#jsm = jsm
    this.#options = options
  }

  async enqueue(queue: string, work: NewWork): Promise<void> {
    check(work)
    await this.#add(queue, work, work.id)
  }

  async #add(name: string, { id, payload }: NewWork, messageId: string): Promise<void> {
    const { work } = await this.#queue(name)
    await work.publish({ subject: `work.${name}`, id: messageId, payload: encodeLetter({ id, payload, reason: '', attempts: 0 }) })
  }

  async work(queue: string, handle: Handle, options: WorkerOptions, signal: AbortSignal): Promise<void> {
    const rules = await this.#rules(queue, options)
    const working = this.#workUntil(queue, handle, rules, options.concurrency, AbortSignal.any([signal, this.#closed.signal]))
    this.#working.add(working)
    await working
    this.#working.delete(working)
  }

  async #rules(queue: string, { maxAttempts }: WorkerOptions): Promise<AttemptRules> {
    const { dead } = await this.#queue(queue)
    const bury = async (letter: Letter, source: number) => {
      await dead.publish({ subject: `dead.${queue}`, id: `${source}`, payload: encodeLetter(letter) })
    }
    return { maxAttempts, ackWaitMs: this.#options.ackWaitMs ?? ACK_WAIT_MS, bury }
  }

  async #workUntil(queue: string, handle: Handle, rules: AttemptRules, concurrency: number, ended: AbortSignal): Promise<void> {
    const underWay = new Set<Promise<void>>()
    let consumer: Consumer | undefined
    while (!ended.aborted) {
      try {
        consumer ??= await this.#jsm.jetstream().consumers.get(workStream(queue), WORKER)
        for await (const message of await consumer.fetch({ max_messages: concurrency - underWay.size, expires: ASK_MS })) {
          if (ended.aborted) message.nak()
          else track(underWay, attempt(message, handle, rules))
        }
      } catch (err) {
        consumer = undefined
        if (!ended.aborted) this.#options.logger.warn({ queue, err }, 'asking for work failed')
        await pause(PAUSE_AFTER_FAILURE_MS, ended)
      }
      if (underWay.size >= concurrency) await Promise.race(underWay)
    }
    await Promise.all(underWay)
  }

  async deadLetters(queue: string, after: bigint, limit: number): Promise<readonly DeadLetter[]> {
    await this.#queue(queue)
    return this.#asking(queue, async () => {
      const listed = await listMessages(this.#jsm, deadStream(queue), Number(after), limit)
      return listed.map(({ position, data }) => ({ position: BigInt(position), ...decodeLetter(data) }))
    })
  }

  /** First adds, then removes: what fails in between can be revived again, and is added once. */
  async revive(queue: string, position: bigint): Promise<void> {
    await this.#queue(queue)
    const letter = await this.#asking(queue, () => this.#deadLetter(queue, position))
    if (!letter) return
    await this.#add(queue, letter, `${letter.id} revived ${position}`)
    await this.discard(queue, position)
  }

  async discard(queue: string, position: bigint): Promise<void> {
    await this.#queue(queue)
    await this.#asking(queue, async () => {
      if (await this.#deadLetter(queue, position)) await this.#jsm.streams.deleteMessage(deadStream(queue), Number(position), false)
    })
  }

  async #deadLetter(queue: string, position: bigint): Promise<Letter | undefined> {
    try {
      const message = await this.#jsm.streams.getMessage(deadStream(queue), { seq: Number(position) })
      return message ? decodeLetter(message.data) : undefined
    } catch (error) {
      if (hasCode(error, CODE.noMessageFound)) return undefined
      throw error
    }
  }

  async #asking<T>(queue: string, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask()
    } catch (error) {
      throw portError(`queue ${queue}`, error)
    }
  }

  /** The streams are made when a queue is first used. */
  #queue(name: string): Promise<Queue> {
    const known = this.#queues.get(name)
    if (known) return known
    const made = this.#make(name)
    this.#queues.set(name, made)
    made.catch(() => this.#queues.delete(name))
    return made
  }

  async #make(name: string): Promise<Queue> {
    if (!QUEUE_NAME.test(name)) throw new RangeError(`a queue's name matches ${QUEUE_NAME}, unlike ${name}`)
    const { replicas, ackWaitMs = ACK_WAIT_MS, logger } = this.#options
    await applyTopology(this.#jsm, workPlans(name, replicas, ackWaitMs), logger)
    const publisher = (stream: string) => new OrderedPublisher(this.#connection, { name: stream, replicated: replicas > 1 })
    return { work: publisher(workStream(name)), dead: publisher(deadStream(name)) }
  }

  /** Ends all workers, after what they have under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort()
    await Promise.all(this.#working)
    const queues = await Promise.all(this.#queues.values())
    await Promise.all(queues.flatMap(({ work, dead }) => [work.settled(), dead.settled()]))
  }
}

function check({ id, payload }: NewWork): void {
  const idBytes = Buffer.byteLength(id)
  if (idBytes < 1 || idBytes > MAX_ID_BYTES) throw new RangeError(`an id has 1 to ${MAX_ID_BYTES} bytes, not ${idBytes}`)
  if (payload.byteLength <= MAX_PAYLOAD_BYTES) return
  throw new RangeError(`work has at most ${MAX_PAYLOAD_BYTES} bytes, not ${payload.byteLength}`)
}

function track(set: Set<Promise<void>>, promise: Promise<void>): void {
  set.add(promise)
  void promise.finally(() => set.delete(promise))
}
