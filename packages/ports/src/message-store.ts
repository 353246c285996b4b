import type { Partition } from './conversation-log.ts'

/** A conversation in its tenant. Look-ups of another tenant find nothing. */
export interface ConversationKey {
  readonly tenantId: string
  readonly conversationId: string
}

/** What the rows of a conversation amount to. */
export interface ConversationHead extends ConversationKey {
  readonly partition: Partition
  /** Number of messages, and the sequence of the last one. */
  readonly sequence: bigint
  /** Number of durable changes. */
  readonly revision: bigint
  /** Log position of the last record applied. A record at or below it has been applied. */
  readonly position: bigint
  /** Microseconds since 1970 of the last message, or of the creation while there is none. */
  readonly activeAt: bigint
  /** How many members it has. */
  readonly memberCount: number
}

/** A member as the log has it: the directory's decision, at its place in the order. */
export interface MemberState {
  readonly userId: string
  /** Numeric value of chat4all.v1.MemberRole. */
  readonly role: number
  /** Messages up to this sequence were there before the member joined. */
  readonly joinedSequence: bigint
}

/** A conversation as the sequencer needs it: its head and its present members. */
export interface ConversationState {
  readonly head: ConversationHead
  readonly members: readonly MemberState[]
}

/** A message to be stored. */
export interface NewMessage {
  readonly sequence: bigint
  /** UUID text, lower case. */
  readonly messageId: string
  /** The revision of its creation. */
  readonly revision: bigint
  readonly position: bigint
  /** Microseconds since 1970 of its acceptance. */
  readonly acceptedAt: bigint
  readonly from: string
  /** An encoded chat4all.v1.Message, sequence and revision included. */
  readonly data: Uint8Array
}

/** A stored message, as it stands now. */
export interface StoredMessage extends ConversationKey {
  readonly sequence: bigint
  readonly messageId: string
  /** The revision of its last change. */
  readonly revision: bigint
  readonly acceptedAt: bigint
  readonly from: string
  readonly data: Uint8Array
}

/** A new state of a message that exists. */
export interface MessageUpdate {
  readonly sequence: bigint
  readonly revision: bigint
  readonly data: Uint8Array
  /** Also drops the earlier contents: the message was deleted. */
  readonly eraseEdits: boolean
}

/** An earlier content of a message. */
export interface MessageEditRow {
  readonly sequence: bigint
  /** The revision that replaced it. */
  readonly revision: bigint
  /** Microseconds since 1970. */
  readonly replacedAt: bigint
  /** An encoded chat4all.v1.Payload. */
  readonly data: Uint8Array
}

/** A durable change other than a new message. */
export interface ChangeRow {
  readonly revision: bigint
  readonly position: bigint
  /** Microseconds since 1970. */
  readonly at: bigint
  /** The message that was changed; absent for a change of the conversation itself. */
  readonly sequence?: bigint
  /** An encoded chat4all.v1.Event for a change of the conversation itself. */
  readonly event?: Uint8Array
}

/** A member's new state. */
export interface MemberWrite extends MemberState {
  /** Set when the member left: the revision of the change that says so. */
  readonly leftRevision?: bigint
}

/** Everything that one batch of log records brought to one conversation. */
export interface ConversationWrites {
  /** The head after the batch. */
  readonly head: ConversationHead
  readonly messages: readonly NewMessage[]
  readonly updates: readonly MessageUpdate[]
  readonly edits: readonly MessageEditRow[]
  readonly changes: readonly ChangeRow[]
  readonly members: readonly MemberWrite[]
}

/** A durable change as sync reads it. */
export type StoredChange =
  | {
      readonly kind: 'message_created' | 'message_updated'
      readonly revision: bigint
      readonly at: bigint
      readonly message: StoredMessage
    }
  | { readonly kind: 'conversation'; readonly revision: bigint; readonly at: bigint; readonly event: Uint8Array }

/** A page of changes. */
export interface ChangePage {
  /** Ascending, contiguous from after the revision asked for. */
  readonly changes: readonly StoredChange[]
  /** The revision of the conversation now. */
  readonly revision: bigint
  /** Set when the revision asked for is older than the change log: `changes` is empty. */
  readonly expired: boolean
}

/** A member's watermarks. Each only rises; read ≤ delivered ≤ last sequence. */
export interface ReceiptState {
  readonly userId: string
  readonly deliveredThrough: bigint
  /** Microseconds since 1970; 0 while nothing was delivered. */
  readonly deliveredAt: bigint
  readonly readThrough: bigint
  readonly readAt: bigint
}

/** Watermarks to raise. */
export interface ReceiptMark extends ConversationKey {
  readonly userId: string
  readonly deliveredThrough: bigint
  readonly readThrough: bigint
  /** Microseconds since 1970. */
  readonly at: bigint
}

/** A user's conversation in their list. */
export interface InboxEntry {
  readonly head: ConversationHead
  readonly role: number
  readonly joinedSequence: bigint
  readonly receipt: ReceiptState
}

/** Position in an inbox that is sorted by activity: newest first, ties by conversation id descending. */
export interface InboxPosition {
  readonly activeAt: bigint
  readonly conversationId: string
}

/** A conversation of a user in which something happened after a cursor. */
export interface ChangedConversation {
  readonly conversationId: string
  /** Changes after this revision are news. Equal to `throughRevision` when only receipts are. */
  readonly afterRevision: bigint
  /** The revision at the end of the range of positions asked for. */
  readonly throughRevision: bigint
  /** The user left in the meantime: only the change of this revision is for them. */
  readonly leftRevision?: bigint
  /** Receipts of the conversation rose since the time asked for. */
  readonly receiptsChanged: boolean
}

/** When a member received and read one message. Absent: not yet. Microseconds since 1970. */
export interface RecipientStatus {
  readonly userId: string
  readonly deliveredAt?: bigint
  readonly readAt?: bigint
}

/** Count and SHA-256 of a range, as SyncService.GetRangeDigest defines them. */
export interface RangeDigest {
  readonly count: bigint
  readonly checksum: Uint8Array
}

/** Numeric value of chat4all.v1.IntegrityDefect, and where. */
export interface IntegrityFinding extends ConversationKey {
  readonly defect: number
  readonly number: bigint
  readonly detail: string
}

/** One step of a check of everything stored. */
export interface IntegrityPage {
  readonly findings: readonly IntegrityFinding[]
  readonly conversations: number
  readonly messages: number
  /** Where to go on; absent when everything is checked. */
  readonly next?: string
}

/** Where a record stands. Positions of different partitions say nothing of which came first. */
export interface LogPlace {
  readonly partition: Partition
  readonly position: bigint
}

/** Messages, their changes, members as the log has them, receipts.
 *
 *  Written by one sequencer per partition at a time; a second one that does not know it is stale writes the same rows,
 *  because every row follows from the log. Every write is idempotent. Costs do not grow with the length of a
 *  conversation or the number of conversations, except where a method says so. */
export interface MessageStore extends AsyncDisposable {
  /** Whether `apply` throws `DuplicateMessageId` instead of storing two messages of a tenant under one id. Otherwise the caller has to ask `load` for every id first. */
  readonly refusesDuplicateIds: boolean

  /** The states of conversations and, for message ids, where the message that holds the id stands (undefined: none). One round trip, before a batch is ordered. Results stand in the order of the arguments. */
  load(
    keys: readonly ConversationKey[],
    messageIds: readonly { readonly tenantId: string; readonly messageId: string }[],
  ): Promise<{
    readonly states: readonly (ConversationState | undefined)[]
    readonly holders: readonly (LogPlace | undefined)[]
  }>

  /** Stores what a batch of log records of one partition brought, up to and including `through`. When it resolves, everything is durable or can be had again from the log after `checkpoint`, and every read sees it. Batches of a partition come in log order; applying one again writes the same.
   *  Throws `DuplicateMessageId` if it refuses duplicate ids. Throws `EngineUnavailable` or `StorageFull`: then part of it may be stored, and applying it again completes it. */
  apply(partition: Partition, through: bigint, writes: readonly ConversationWrites[]): Promise<void>

  /** Log position up to which a restart need not look again. 0 at first. */
  checkpoint(partition: Partition): Promise<bigint>
  /** Moves the checkpoint up; a lower value changes nothing. When it resolves, everything applied up to it is durable without the log. */
  setCheckpoint(partition: Partition, through: bigint): Promise<void>

  /** For each partition the highest position up to which everything is applied and seen by reads. */
  settled(): Promise<ReadonlyMap<Partition, bigint>>

  heads(keys: readonly ConversationKey[]): Promise<readonly (ConversationHead | undefined)[]>
  /** The members that the log has now, by user id. */
  members(key: ConversationKey): Promise<readonly MemberState[]>

  message(tenantId: string, messageId: string): Promise<StoredMessage | undefined>
  /** Messages by sequence: with `after`, ascending from after it; with `before`, descending from before it (0 or beyond the end: from the newest). */
  messages(
    key: ConversationKey,
    range: { readonly after: bigint } | { readonly before: bigint },
    limit: number,
  ): Promise<readonly StoredMessage[]>
  /** The sequence of the first message accepted at or after a time, or last + 1 if there is none. */
  sequenceAt(key: ConversationKey, time: bigint): Promise<bigint>
  /** Earlier contents of a message, oldest first. */
  edits(key: ConversationKey, sequence: bigint): Promise<readonly MessageEditRow[]>

  /** Durable changes after a revision. A message comes as it stands now. */
  changes(key: ConversationKey, afterRevision: bigint, limit: number): Promise<ChangePage>

  /** A user's conversations by activity. Grows with the number of the user's conversations. */
  inbox(tenantId: string, userId: string, before: InboxPosition | undefined, limit: number): Promise<readonly InboxEntry[]>
  /** One conversation of a user's inbox, or undefined if the log does not have the user as a member. */
  inboxEntry(key: ConversationKey, userId: string): Promise<InboxEntry | undefined>
  /** Messages that others sent after a sequence: how many, counting at most `limit`, and the first one's sequence (0: none). Grows with the count, up to the limit. */
  unread(key: ConversationKey, userId: string, after: bigint, limit: number): Promise<{ readonly count: number; readonly first: bigint }>

  /** The user's conversations with changes in (`after`, `through`] by partition (absent: 0), or receipts raised at or after `receiptsSince`; in the order of conversation id, after `afterConversationId`. Grows with the number of the user's conversations. */
  changedConversations(
    tenantId: string,
    userId: string,
    range: {
      readonly after: ReadonlyMap<Partition, bigint>
      readonly through: ReadonlyMap<Partition, bigint>
      readonly receiptsSince: bigint
    },
    afterConversationId: string,
    limit: number,
  ): Promise<readonly ChangedConversation[]>

  /** Raises watermarks, each as a maximum, clamped to the last sequence, read implying delivered. Durable when it resolves. `raised` is false when nothing changed. A user the log does not have as a member gets `undefined`. */
  raiseReceipts(
    marks: readonly ReceiptMark[],
  ): Promise<readonly ({ readonly receipt: ReceiptState; readonly raised: boolean } | undefined)[]>
  /** The watermarks of all present members, by user id. */
  receipts(key: ConversationKey): Promise<readonly ReceiptState[]>
  /** How far one message came with every user who was a member when it was sent, its sender left out, by user id. */
  recipientStatuses(key: ConversationKey, sequence: bigint): Promise<readonly RecipientStatus[]>

  /** Digest of the messages in [from, to]. Grows with the range. */
  digest(key: ConversationKey, from: bigint, to: bigint): Promise<RangeDigest>

  /** Checks the next conversations of one tenant, or of all. `cursor` is '' at first. */
  verify(tenantId: string | undefined, cursor: string): Promise<IntegrityPage>

  /** Drops changes older than a time (microseconds since 1970); clients whose revision is older must take a snapshot. New messages stay reachable by sequence. Returns how many went. */
  expireChanges(before: bigint): Promise<number>
}
