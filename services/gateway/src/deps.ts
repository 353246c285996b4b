import type { Clock, Logger } from '@chat4all/base'
import type { DirectoryService } from '@chat4all/gen/chat4all/internal/v1/directory_service_pb.js'
import type { ConversationLog, LiveBus, MessageStore } from '@chat4all/ports'
import type { Client, Transport } from '@connectrpc/connect'
import type { GatewayConfig } from './config.ts'

export type DirectoryClient = Client<typeof DirectoryService>

/** What the gateway stands on. */
export interface GatewayDeps {
  readonly log: ConversationLog
  readonly store: MessageStore
  readonly bus: LiveBus
  /** Reaches the directory service. */
  readonly directory: Transport
  readonly clock: Clock
  readonly logger: Logger
  readonly config: GatewayConfig
}
