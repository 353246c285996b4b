import type { Clock, Logger } from '@chat4all/base'
import type { ConversationLog, Directory, LiveBus } from '@chat4all/ports'
import type { DirectoryConfig } from './config.ts'
import type { Invalidations } from './invalidation.ts'
import type { KeyedQueue } from './keyed-queue.ts'
import type { OutboxRelay } from './relay.ts'
import type { SigningKeys } from './signing-keys.ts'

/** What the service is built on. */
export interface DirectoryDeps {
  readonly directory: Directory
  readonly log: ConversationLog
  readonly bus: LiveBus
  readonly clock: Clock
  readonly logger: Logger
  readonly config: DirectoryConfig
}

/** What handlers get. */
export interface HandlerDeps extends DirectoryDeps {
  readonly relay: OutboxRelay
  readonly invalidations: Invalidations
  readonly keys: SigningKeys
  /** Changes of one conversation take turns here, so that only those of other processes can come first. */
  readonly changes: KeyedQueue
  /** Microseconds since 1970, always rising. */
  readonly micros: () => bigint
}
