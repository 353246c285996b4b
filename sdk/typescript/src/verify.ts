import type { Message } from '#gen/chat4all/v1/message_pb.js'
import { type Api, withSignal } from './api.ts'
import { type HeldMessage, rangeDigest } from './digest.ts'

/** The server's limits: messages per digest, messages per page. */
const MAX_DIGEST = 10_000
const PAGE = 200

/** What to compare. */
export interface VerifyOptions {
  /** The first sequence. Default: the first one held, or 1. */
  readonly from?: bigint
  /** The last sequence. Default: the last one that the server has. */
  readonly to?: bigint
  readonly signal?: AbortSignal
}

/** A range where client and server differ: what is held there is to be replaced by `messages`. */
export interface Difference {
  readonly from: bigint
  readonly to: bigint
  /** What the server has in the range, ascending. */
  readonly messages: readonly Message[]
}

/** What a comparison found. */
export interface Verification {
  /** Whether the client holds exactly what the server holds. */
  readonly ok: boolean
  readonly from: bigint
  readonly to: bigint
  readonly differences: readonly Difference[]
}

export async function verify(
  api: Api,
  conversationId: string,
  messages: Iterable<HeldMessage>,
  options: VerifyOptions = {},
): Promise<Verification> {
  const held = [...messages].sort((a, b) => Number(a.sequence - b.sequence))
  const from = options.from ?? held[0]?.sequence ?? 1n
  const to = options.to ?? (await lastSequence(api, conversationId, options.signal))
  const comparison = new Comparison(api, conversationId, held, options.signal)
  for (let start = from; start <= to; start += BigInt(MAX_DIGEST)) {
    await comparison.compare(start, lowest(start + BigInt(MAX_DIGEST) - 1n, to))
  }
  const { differences } = comparison
  return { ok: differences.length === 0, from, to, differences }
}

class Comparison {
  readonly differences: Difference[] = []
  readonly #api: Api
  readonly #conversationId: string
  readonly #held: readonly HeldMessage[]
  readonly #signal: AbortSignal | undefined

  constructor(api: Api, conversationId: string, held: readonly HeldMessage[], signal: AbortSignal | undefined) {
    this.#api = api
    this.#conversationId = conversationId
    this.#held = held
    this.#signal = signal
  }

  /** Halves a range that differs until a page holds it. */
  async compare(from: bigint, to: bigint): Promise<void> {
    if (await this.#isEqual(from, to)) return
    if (to - from < PAGE) return this.#report(from, to)
    const middle = (from + to) / 2n
    await this.compare(from, middle)
    await this.compare(middle + 1n, to)
  }

  async #isEqual(fromSequence: bigint, toSequence: bigint): Promise<boolean> {
    const range = { conversationId: this.#conversationId, fromSequence, toSequence }
    const held = this.#held.filter(({ sequence }) => sequence >= fromSequence && sequence <= toSequence)
    const [theirs, ours] = await Promise.all([this.#api.sync.getRangeDigest(range, withSignal(this.#signal)), rangeDigest(held)])
    return theirs.count === BigInt(held.length) && theirs.checksum.every((byte, index) => byte === ours[index])
  }

  async #report(from: bigint, to: bigint): Promise<void> {
    const position = { case: 'since' as const, value: from - 1n }
    const page = { conversationId: this.#conversationId, position, pageSize: Number(to - from) + 1 }
    const { messages } = await this.#api.messages.listMessages(page, withSignal(this.#signal))
    this.differences.push({ from, to, messages: messages.filter(({ sequence }) => sequence <= to) })
  }
}

async function lastSequence(api: Api, conversationId: string, signal?: AbortSignal): Promise<bigint> {
  const { conversation } = await api.conversations.getConversation({ conversationId }, withSignal(signal))
  return conversation?.lastSequence ?? 0n
}

const lowest = (a: bigint, b: bigint): bigint => (a < b ? a : b)
