import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ConversationLog, Directory, EventLog, LiveBus, MessageStore } from '@chat4all/ports'
import { SqliteConversationLog } from './conversation-log.ts'
import { SqliteDirectory } from './directory.ts'
import { SqliteEventLog } from './event-log.ts'
import { InProcessLiveBus } from './live-bus.ts'
import { SqliteMessageStore } from './message-store.ts'
import { Checkpointer } from './sqlite/checkpointer.ts'

/** Every port on the engines of one process. */
export interface EmbeddedEngines extends AsyncDisposable {
  readonly conversationLog: ConversationLog
  readonly eventLog: EventLog
  readonly liveBus: LiveBus
  readonly messageStore: MessageStore
  readonly directory: Directory
}

/** Opens, or creates, the databases in a directory. A second process that opens them is refused. */
export async function openEmbeddedEngines({
  directory: path,
  partitions,
}: {
  readonly directory: string
  readonly partitions: number
}): Promise<EmbeddedEngines> {
  await mkdir(path, { recursive: true })
  await using opening = new AsyncDisposableStack()
  const file = {
    log: join(path, 'log.db'),
    events: join(path, 'events.db'),
    messages: join(path, 'messages.db'),
    directory: join(path, 'directory.db'),
  }
  const conversationLog = opening.use(await SqliteConversationLog.open(file.log, { partitions }))
  const eventLog = opening.use(await SqliteEventLog.open(file.events, { partitions }))
  const liveBus = opening.use(new InProcessLiveBus())
  const messageStore = opening.use(await SqliteMessageStore.open(file.messages))
  const directory = opening.use(await SqliteDirectory.open(file.directory))
  opening.use(await Checkpointer.start(Object.values(file)))
  const opened = opening.move()
  return { conversationLog, eventLog, liveBus, messageStore, directory, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}
