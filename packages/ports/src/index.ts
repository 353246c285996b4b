export {
  exactly,
  partBytes,
  partCount,
  requireAllParts,
  requireBlobKey,
  requireBlobSize,
  requireRange,
  requireUploadSizes,
} from './blob-rules.ts'
export {
  type BlobContent,
  type BlobCreation,
  type BlobInfo,
  type BlobKey,
  BlobMissing,
  type BlobPart,
  type BlobRange,
  BlobSizeMismatch,
  type BlobStore,
  type BlobUpload,
  MAX_PART_BYTES,
  MAX_PARTS,
  MIN_PART_BYTES,
  type OpenUpload,
  PartsMissing,
  UploadGone,
} from './blob-store.ts'
export type { Appended, ConversationLog, LogEntry, NewRecord, Partition, PartitionOwner } from './conversation-log.ts'
export type {
  ApiClientChange,
  ApiClientRow,
  ConversationChange,
  ConversationRow,
  Directory,
  MemberRow,
  NewOutboxEntry,
  OutboxEntry,
  RequestRow,
  RevokedTokenRow,
  SigningKeyRow,
  TenantRow,
  UserRow,
} from './directory.ts'
export { AlreadyExists, Conflict, DuplicateMessageId, EngineUnavailable, HandOver, StorageFull } from './errors.ts'
export type { EventLog, SequencedEvent } from './event-log.ts'
export { type LiveBus, type LiveHandler, type LossHandler, subjectToken, type Unsubscribe } from './live-bus.ts'
export { conversationSubject, followSubjects, LARGE_CONVERSATION, receiptsSubject, SETTLED_SUBJECT, userSubject } from './live-subjects.ts'
export type {
  ChangedConversation,
  ChangePage,
  ChangeRow,
  ConversationHead,
  ConversationKey,
  ConversationState,
  ConversationWrites,
  InboxEntry,
  InboxPosition,
  IntegrityFinding,
  IntegrityPage,
  LogPlace,
  MemberState,
  MemberWrite,
  MessageEditRow,
  MessageStore,
  MessageUpdate,
  NewMessage,
  RangeDigest,
  ReceiptMark,
  ReceiptState,
  RecipientStatus,
  StoredChange,
  StoredMessage,
} from './message-store.ts'
export type { PresenceChange, PresenceEntry, PresenceKey, PresenceStore } from './presence-store.ts'
export { raiseReceipt } from './receipt-rules.ts'
export type { DeadLetter, NewWork, Work, WorkerOptions, WorkOutcome, WorkQueue } from './work-queue.ts'
