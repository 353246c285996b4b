import { create, toBinary } from '@bufbuild/protobuf'
import { timestampFromMs } from '@bufbuild/protobuf/wkt'
import { newId } from '@chat4all/base'
import { MessageSchema } from '@chat4all/gen/chat4all/v1/message_pb.js'
import type {
  ConversationHead,
  ConversationKey,
  ConversationWrites,
  MemberState,
  MessageEditRow,
  MessageStore,
  StoredChange,
  StoredMessage,
} from '../../message-store.ts'

type Rows = { -readonly [K in Exclude<keyof ConversationWrites, 'head'>]: ConversationWrites[K][number][] }

/** What a suite takes its log positions and times from: each is later than all before it. */
export class Log {
  #position = 0n
  readonly partition: number

  constructor(partition: number) {
    this.partition = partition
  }

  get end(): bigint {
    return this.#position
  }

  next(): bigint {
    this.#position += 1n
    return this.#position
  }
}

/** The time of a log position, microseconds since 1970. */
export function timeOf(position: bigint): bigint {
  return 1_700_000_000_000_000n + position * 1_000n
}

/** Applies what authors have written since they were last asked. Returns the batch, to be applied again. */
export async function applyBatch(
  store: MessageStore,
  log: Log,
  authors: readonly Author[],
): Promise<{ readonly through: bigint; readonly writes: readonly ConversationWrites[] }> {
  const batch = { through: log.end, writes: authors.map((author) => author.take()) }
  await store.apply(log.partition, batch.through, batch.writes)
  return batch
}

/** Writes one conversation as a sequencer does, and knows what a store that has applied it must answer. */
export class Author {
  readonly key: ConversationKey
  /** By sequence, from 1, as they stand now. */
  readonly messages: StoredMessage[] = []
  /** By revision, from 1. */
  readonly events: {
    readonly revision: bigint
    readonly position: bigint
    readonly at: bigint
    readonly sequence?: bigint
    readonly event?: Uint8Array
  }[] = []
  readonly edits: MessageEditRow[] = []
  readonly members = new Map<string, MemberState>()
  readonly #log: Log
  #head: ConversationHead
  #rows: Rows = emptyRows()

  constructor(log: Log, tenantId: string, conversationId: string = newId()) {
    this.#log = log
    this.key = { tenantId, conversationId }
    const zero = { sequence: 0n, revision: 0n, position: 0n, activeAt: 0n, memberCount: 0 }
    this.#head = { ...this.key, partition: log.partition, ...zero }
  }

  get head(): ConversationHead {
    return this.#head
  }

  /** The changes that a store must answer, as the messages stand now. */
  get changes(): StoredChange[] {
    const created = new Set<bigint>()
    return this.events.map(({ revision, at, sequence, event }) => {
      if (event) return { kind: 'conversation', revision, at, event }
      const message = this.messages[Number(sequence) - 1]!
      const kind = created.has(message.sequence) ? 'message_updated' : 'message_created'
      created.add(message.sequence)
      return { kind, revision, at, message }
    })
  }

  take(): ConversationWrites {
    const rows = this.#rows
    this.#rows = emptyRows()
    return { head: this.#head, ...rows }
  }

  message(from: string, text = 'hello', messageId: string = newId()): StoredMessage {
    const sequence = this.#head.sequence + 1n
    const { revision, position, at } = this.#advance({ sequence })
    const data = this.#encode({ messageId, sequence, revision, from, text, at })
    this.#rows.messages.push({ sequence, messageId, revision, position, acceptedAt: at, from, data })
    const message = { ...this.key, sequence, messageId, revision, acceptedAt: at, from, data }
    this.messages.push(message)
    this.events.push({ revision, position, at, sequence })
    this.#head = { ...this.#head, activeAt: at }
    return message
  }

  /** Replaces a message's content, keeping the earlier one. */
  edit(sequence: bigint, text: string): void {
    const before = this.messages[Number(sequence) - 1]!
    const { revision, at } = this.#update(before, text, false)
    const edit = { sequence, revision, replacedAt: at, data: before.data }
    this.#rows.edits.push(edit)
    this.edits.push(edit)
  }

  /** Changes a message and keeps no earlier content: a reaction. */
  react(sequence: bigint): void {
    this.#update(this.messages[Number(sequence) - 1]!, 'with a reaction', false)
  }

  delete(sequence: bigint): void {
    this.#update(this.messages[Number(sequence) - 1]!, undefined, true)
    const kept = this.edits.filter((edit) => edit.sequence !== sequence)
    this.edits.splice(0, this.edits.length, ...kept)
  }

  /** A change of the conversation itself. */
  change(text = 'a change'): bigint {
    const { revision, position, at } = this.#advance({})
    const event = new TextEncoder().encode(text)
    this.#rows.changes.push({ revision, position, at, event })
    this.events.push({ revision, position, at, event })
    if (this.#head.activeAt === 0n) this.#head = { ...this.#head, activeAt: at }
    return revision
  }

  join(userIds: readonly string[], role = 1): void {
    this.change(`${userIds.join()} joined`)
    for (const userId of userIds) {
      const member = { userId, role, joinedSequence: this.#head.sequence }
      this.members.set(userId, member)
      this.#rows.members.push(member)
    }
    this.#countMembers()
  }

  setRole(userId: string, role: number): void {
    this.change(`${userId} is now ${role}`)
    const member = { ...this.members.get(userId)!, role }
    this.members.set(userId, member)
    this.#rows.members.push(member)
  }

  /** Returns the revision that tells the user. */
  leave(userId: string): bigint {
    const leftRevision = this.change(`${userId} left`)
    this.#rows.members.push({ ...this.members.get(userId)!, leftRevision })
    this.members.delete(userId)
    this.#countMembers()
    return leftRevision
  }

  /** A record that changed nothing: a repeated message. */
  skip(): void {
    this.#head = { ...this.#head, position: this.#log.next() }
  }

  #update(before: StoredMessage, text: string | undefined, eraseEdits: boolean): { readonly revision: bigint; readonly at: bigint } {
    const { sequence } = before
    const { revision, position, at } = this.#advance({})
    const data = this.#encode({ ...before, revision, text, at: before.acceptedAt })
    this.#rows.updates.push({ sequence, revision, data, eraseEdits })
    this.#rows.changes.push({ revision, position, at, sequence })
    this.messages[Number(sequence) - 1] = { ...before, revision, data }
    this.events.push({ revision, position, at, sequence })
    return { revision, at }
  }

  #advance(change: { readonly sequence?: bigint }): { readonly revision: bigint; readonly position: bigint; readonly at: bigint } {
    const position = this.#log.next()
    const revision = this.#head.revision + 1n
    this.#head = { ...this.#head, ...change, revision, position }
    return { revision, position, at: timeOf(position) }
  }

  #countMembers(): void {
    this.#head = { ...this.#head, memberCount: this.members.size }
  }

  #encode(message: {
    readonly messageId: string
    readonly sequence: bigint
    readonly revision: bigint
    readonly from: string
    readonly text: string | undefined
    readonly at: bigint
  }): Uint8Array {
    const { messageId, sequence, revision, from, text, at } = message
    const payload = text === undefined ? {} : { payload: { type: 'text', content: { case: 'text' as const, value: text } } }
    const { conversationId } = this.key
    const createTime = timestampFromMs(Number(at / 1000n))
    return toBinary(MessageSchema, create(MessageSchema, { messageId, conversationId, sequence, revision, from, createTime, ...payload }))
  }
}

function emptyRows(): Rows {
  return { messages: [], updates: [], edits: [], changes: [], members: [] }
}
