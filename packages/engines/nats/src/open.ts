import { type Logger, silentLogger } from '@chat4all/base'
import type { ConversationLog, EventLog, LiveBus, PresenceStore, WorkQueue } from '@chat4all/ports'
import type { NatsConnection } from '@nats-io/nats-core'
import { connectNats, type NatsLogin } from './connect.ts'
import { NatsConversationLog } from './conversation-log.ts'
import { NatsEventLog } from './event-log.ts'
import { NatsLiveBus } from './live-bus.ts'
import { NatsPresenceStore } from './presence-store.ts'
import type { Replicas } from './topology/table.ts'
import { NatsWorkQueue } from './work-queue.ts'

export interface NatsEnginesOptions {
  /** For example `nats://nats-1:4222`. Any of them will do at first. */
  readonly servers: readonly string[]
  /** Default: none. */
  readonly login?: NatsLogin
  /** Can grow. A conversation stays in the partition it was created with. */
  readonly partitions: number
  /** 3 keeps everything on three servers, and works while two of them do. */
  readonly replicas: Replicas
  /** Without it one replica is refused: what a lost disk takes with it was acknowledged. */
  readonly allowSingleReplica?: boolean
  /** What the server's monitoring shows of this process. */
  readonly name: string
  readonly logger?: Logger
}

/** Every port on a NATS server or cluster. */
export interface NatsEngines extends AsyncDisposable {
  readonly conversationLog: ConversationLog
  readonly eventLog: EventLog
  readonly liveBus: LiveBus
  readonly workQueue: WorkQueue
  readonly presence: PresenceStore
}

/** Connects, and makes the streams that are missing. Live messages have a connection of their own, so that no backlog delays them. */
export async function openNatsEngines(options: NatsEnginesOptions): Promise<NatsEngines> {
  const { servers, partitions, replicas, allowSingleReplica = false, name, login, logger = silentLogger } = options
  if (replicas === 1 && !allowSingleReplica) {
    throw new Error('one replica loses acknowledged messages with its disk: use three, or allow a single replica')
  }
  await using opening = new AsyncDisposableStack()
  const connection = opening.adopt(await connectNats(servers, `${name} log`, login), close)
  const live = opening.adopt(await connectNats(servers, `${name} live`, login), close)
  logDurability(logger, connection, replicas)
  const conversationLog = opening.use(await NatsConversationLog.open(connection, { partitions, replicas, logger }))
  const eventLog = opening.use(await NatsEventLog.open(connection, { partitions, replicas, logger }))
  const workQueue = opening.use(await NatsWorkQueue.open(connection, { replicas, logger }))
  const presence = opening.use(await NatsPresenceStore.open(connection, { replicas, logger }))
  const liveBus = opening.use(await NatsLiveBus.open(live))
  const opened = opening.move()
  return { conversationLog, eventLog, liveBus, workQueue, presence, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

/** A server tells clients neither whether nor when it syncs its files. */
function logDurability(logger: Logger, { info }: NatsConnection, replicas: Replicas): void {
  const where = {
    server: info?.server_name,
    version: info?.version,
    cluster: info?.cluster,
    replicas,
    sync_interval: 'not shown to clients',
  }
  const promise = replicas === 1 ? 'what is acknowledged is on one disk only' : 'what is acknowledged is on two of three servers'
  logger.info(where, `${promise}; it survives a power cut if the servers have sync_interval: always`)
}

async function close(connection: NatsConnection): Promise<void> {
  if (!connection.isClosed()) await connection.drain()
}
