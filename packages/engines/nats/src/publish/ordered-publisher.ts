import { EngineUnavailable } from '@chat4all/ports'
import type { NatsConnection } from '@nats-io/nats-core'
import { nuid } from '@nats-io/nats-core'
import { backOff } from '../backoff.ts'
import { CODE, hasCode, isOutOfSpace, isPassing, portError } from '../errors.ts'
import { findDuplicate, type PublishTarget, publishBatch, publishOne, type StreamMessage } from './request.ts'

/** A server refuses batches of more than 1,000. */
const MAX_GROUP = 500
const MAX_GROUP_BYTES = 4 * 1024 * 1024
const MAX_WAITING_BYTES = 64 * 1024 * 1024
const GIVE_UP_MS = 15_000
/** Only a process that stood still has kept a message for so long. Its caller may have repeated it elsewhere meanwhile, longer ago than the stream knows ids. */
const STALE_MS = 30_000

export interface Stored {
  readonly position: number
  readonly duplicate: boolean
}

interface Waiting extends StreamMessage {
  readonly since: number
  readonly resolve: (stored: Stored) => void
  readonly reject: (error: Error) => void
}

/** Publishes to one stream in the order of the calls, whatever fails.
 *
 *  One request is under way at a time; what came meanwhile goes with the next one, as an atomic batch. Publishing
 *  many at once without batches would be no faster, and a message whose outcome is unknown would be stored behind
 *  later ones when it is repeated. */
export class OrderedPublisher {
  readonly #connection: NatsConnection
  readonly #target: PublishTarget
  #waiting: Waiting[] = []
  #waitingBytes = 0
  #draining: Promise<void> | undefined
  #failingSince: number | undefined
  #highest = 0

  constructor(connection: NatsConnection, target: PublishTarget) {
    this.#connection = connection
    this.#target = target
  }

  /** Repeats for 15 s while the stream has no leader or does not answer, then throws `EngineUnavailable`: repeating with the same id is safe. When it has failed for that long already, it throws after one attempt. */
  publish(message: StreamMessage): Promise<Stored> {
    if (this.#waitingBytes > MAX_WAITING_BYTES) return Promise.reject(new EngineUnavailable(`${this.#target.name}: too much is waiting`))
    const { promise, resolve, reject } = Promise.withResolvers<Stored>()
    this.#waiting.push({ ...message, since: performance.now(), resolve, reject })
    this.#waitingBytes += message.payload.byteLength
    this.#draining ??= this.#drain()
    return promise
  }

  /** Resolves when everything published so far is answered. */
  async settled(): Promise<void> {
    await this.#draining
  }

  async #drain(): Promise<void> {
    // What is published in the same turn goes together.
    await Promise.resolve()
    while (this.#waiting.length > 0) await this.#settle(this.#takeGroup())
    this.#draining = undefined
  }

  #takeGroup(): Waiting[] {
    let bytes = 0
    const end = this.#waiting.findIndex(({ payload }, index) => {
      bytes += payload.byteLength
      return index === MAX_GROUP || (index > 0 && bytes > MAX_GROUP_BYTES)
    })
    return this.#waiting.splice(0, end < 0 ? this.#waiting.length : end)
  }

  async #settle(group: readonly Waiting[]): Promise<void> {
    const known = new Map<Waiting, Stored>()
    let rest = this.#refuseStale(group)
    for (let failures = 0; rest.length > 0; ) {
      try {
        rest = await this.#attempt(rest, known)
        this.#failingSince = undefined
      } catch (error) {
        rest = this.#giveUp(rest, error)
        if (rest.length > 0) await backOff(failures++)
      }
    }
    for (const waiting of group) {
      this.#waitingBytes -= waiting.payload.byteLength
      const stored = known.get(waiting)
      if (stored) waiting.resolve(stored)
    }
  }

  #refuseStale(group: readonly Waiting[]): readonly Waiting[] {
    const oldest = performance.now() - STALE_MS
    const stale = group.filter(({ since }) => since < oldest)
    for (const { reject } of stale) reject(new EngineUnavailable(`${this.#target.name}: this process stood still for too long`))
    return stale.length === 0 ? group : group.filter((waiting) => !stale.includes(waiting))
  }

  /** Adds what is stored to `known`, and returns what is to be published again. */
  async #attempt(group: readonly Waiting[], known: Map<Waiting, Stored>): Promise<readonly Waiting[]> {
    if (group.length === 1) {
      const { seq, duplicate = false } = await publishOne(this.#connection, this.#target, group[0]!)
      if (!duplicate) this.#rise(seq, seq)
      known.set(group[0]!, { position: seq, duplicate })
      return []
    }
    try {
      const { seq } = await publishBatch(this.#connection, this.#target, nuid.next(), group)
      const first = seq - group.length + 1
      this.#rise(first, seq)
      for (const [index, waiting] of group.entries()) known.set(waiting, { position: first + index, duplicate: false })
      return []
    } catch (error) {
      if (!hasCode(error, CODE.batchHasDuplicate)) throw error
      return this.#withoutDuplicates(group, known)
    }
  }

  /** An older state of a stream that was restored has forgotten what it had: what it takes now would be taken for that. */
  #rise(first: number, last: number): void {
    if (first <= this.#highest) throw new EngineUnavailable(`${this.#target.name} went back from ${this.#highest} to ${first}`)
    this.#highest = last
  }

  async #withoutDuplicates(group: readonly Waiting[], known: Map<Waiting, Stored>): Promise<readonly Waiting[]> {
    const positions = await Promise.all(group.map((waiting) => findDuplicate(this.#connection, this.#target, waiting)))
    for (const [index, position] of positions.entries()) {
      if (position !== undefined) known.set(group[index]!, { position, duplicate: true })
    }
    const rest = group.filter((_, index) => positions[index] === undefined)
    if (rest.length === group.length) throw new Error('a repeated id is not to be found')
    return rest
  }

  /** Rejects what waited long enough, and everything when repeating is of no use. Returns the others. */
  #giveUp(group: readonly Waiting[], error: unknown): readonly Waiting[] {
    const now = performance.now()
    this.#failingSince ??= now
    const hopeless = !isPassing(error) || error instanceof EngineUnavailable || isOutOfSpace(error) || now - this.#failingSince > GIVE_UP_MS
    const failed = group.filter(({ since }) => hopeless || now - since > GIVE_UP_MS)
    for (const { reject } of failed) reject(portError(this.#target.name, error))
    return hopeless ? [] : group.filter((waiting) => !failed.includes(waiting))
  }
}
