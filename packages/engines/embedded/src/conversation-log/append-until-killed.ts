import { SqliteConversationLog } from '../conversation-log.ts'

/** A process that appends as fast as it can and prints key and position of what was acknowledged: `node append-until-killed.ts <file> <prefix of keys>`. */
const [, , file, prefix] = process.argv
const log = await SqliteConversationLog.open(file!, { partitions: 2 })
let count = 0

async function appendForever(): Promise<never> {
  for (;;) {
    const partition = count % 2
    const key = `${prefix}/${count++}`
    const { position } = await log.append(partition, { conversationId: 'c', key, record: Buffer.from(`record of ${key}`) })
    process.stdout.write(`${partition} ${key} ${position}\n`)
  }
}
await Promise.all(Array.from({ length: 32 }, appendForever))
