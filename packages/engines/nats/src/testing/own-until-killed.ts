/** Owns partition 0, with a checkpoint of its own, and prints each position before it is acknowledged. For a test that kills it. */
import { silentLogger } from '@chat4all/base'
import type { LogEntry } from '@chat4all/ports'
import { connectNats } from '../connect.ts'
import { NatsConversationLog } from '../conversation-log.ts'

const [url = ''] = process.argv.slice(2)
const log = await NatsConversationLog.open(await connectNats([url], 'killed'), { partitions: 2, replicas: 1, logger: silentLogger })
let checkpoint = 0n
const owner = {
  start: async () => checkpoint,
  async deliver(entries: readonly LogEntry[]) {
    await new Promise((resolve) => setTimeout(resolve, 30))
    checkpoint = entries.at(-1)!.position
    process.stdout.write(`${checkpoint}\n`)
  },
}
await log.own(0, owner, new AbortController().signal)
