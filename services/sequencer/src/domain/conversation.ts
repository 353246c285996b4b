import type { ConversationHead, ConversationKey, ConversationWrites, MemberState } from '@chat4all/ports'

/** The unsaved rest of `ConversationWrites`, while a batch is being ordered. */
type Rows = { -readonly [K in Exclude<keyof ConversationWrites, 'head'>]: ConversationWrites[K][number][] }

/** A conversation between two batches. */
export interface OrderedState {
  readonly head: ConversationHead
  readonly members: ReadonlyMap<string, MemberState>
}

/** One durable change, encoded for subscribers. */
export interface OrderedEvent {
  readonly revision: bigint
  readonly position: bigint
  /** An encoded chat4all.v1.Event. */
  readonly event: Uint8Array
}

/** One conversation while a batch of its log records is being ordered. Starts from what is stored and collects what is new; nothing that is stored changes until the batch is applied. */
export class OrderingConversation {
  readonly key: ConversationKey
  readonly rows: Rows = { messages: [], updates: [], edits: [], changes: [], members: [] }
  readonly events: OrderedEvent[] = []
  /** Members who left in this batch, with the event that tells them. */
  readonly farewells: { readonly userIds: readonly string[]; readonly event: OrderedEvent }[] = []
  /** Something in this batch had been applied before: whoever did that may not have published it. */
  metAgain = false
  /** Members changed in this batch. */
  membersChanged = false
  #head: ConversationHead
  #members: ReadonlyMap<string, MemberState>

  constructor(key: ConversationKey, partition: number, state: OrderedState | undefined) {
    this.key = key
    this.#head = state?.head ?? { ...key, partition, sequence: 0n, revision: 0n, position: 0n, activeAt: 0n, memberCount: 0 }
    this.#members = state?.members ?? new Map()
  }

  get head(): ConversationHead {
    return this.#head
  }

  get members(): ReadonlyMap<string, MemberState> {
    return this.#members
  }

  /** A record at or below the head has been ordered before. */
  isApplied(position: bigint): boolean {
    return position <= this.#head.position
  }

  get nextRevision(): bigint {
    return this.#head.revision + 1n
  }

  get nextSequence(): bigint {
    return this.#head.sequence + 1n
  }

  advance(change: Partial<Pick<ConversationHead, 'sequence' | 'revision' | 'activeAt'>> & { readonly position: bigint }): void {
    this.#head = { ...this.#head, ...change }
  }

  setMembers(members: ReadonlyMap<string, MemberState>): void {
    this.#members = members
    this.#head = { ...this.#head, memberCount: members.size }
    this.membersChanged = true
  }

  get changed(): boolean {
    return this.events.length > 0
  }

  writes(): ConversationWrites {
    return { head: this.#head, ...this.rows }
  }

  state(): OrderedState {
    return { head: this.#head, members: this.#members }
  }
}
