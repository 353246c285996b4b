export { timestampDate } from '@bufbuild/protobuf/wkt'
export {
  type ApiClient,
  ApiClientRole,
  IntegrityDefect,
  type IntegrityFinding,
  type IntegrityProgress,
  type Tenant,
} from '#gen/chat4all/v1/admin_service_pb.js'
export { type Conversation, ConversationType, type ConversationView, type Member, MemberRole } from '#gen/chat4all/v1/conversation_pb.js'
export type { Receipt } from '#gen/chat4all/v1/event_pb.js'
export { DeliveryState, type Message, type Payload, type Reaction, type StatusEntry } from '#gen/chat4all/v1/message_pb.js'
export { type User, UserState } from '#gen/chat4all/v1/user_pb.js'
export type { Api } from './api.ts'
export { ChatClient } from './client.ts'
export { type ConnectOptions, connect } from './connect.ts'
export { type HeldMessage, rangeDigest } from './digest.ts'
export { ChatError, type ChatErrorDetails, type FieldViolation, type Reason, type StatusCode } from './errors.ts'
export type { ChangeEvent, ConversationEvent, LiveEvent, SnapshotEvent } from './events.ts'
export type { HistoryPosition, PageOptions } from './history.ts'
export { toJson } from './json.ts'
export type { Protocol } from './platform.ts'
export type { Draft, SendEvent, SendOptions, Sent } from './send.ts'
export type { SubscribeOptions, Subscription } from './subscribe.ts'
export type { SyncRun } from './sync.ts'
export { clientCredentials, type TokenProvider, type TokenRequest, type UserTokenOptions, userToken } from './token.ts'
export type { Difference, Verification, VerifyOptions } from './verify.ts'
