import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { IntegrityDefect } from '@chat4all/gen/chat4all/v1/admin_service_pb.js'
import { ConversationType } from '@chat4all/gen/chat4all/v1/conversation_pb.js'
import { ConversationService } from '@chat4all/gen/chat4all/v1/conversation_service_pb.js'
import { MessageService } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { ReceiptService } from '@chat4all/gen/chat4all/v1/receipt_service_pb.js'
import { storeFile, TestServer } from '@chat4all/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findings } from './clean.ts'

/** SQL that plants one defect. `:c` is the number of a conversation with 20 messages, the tenth edited. */
const DEFECTS: readonly (readonly [IntegrityDefect, string])[] = [
  [IntegrityDefect.SEQUENCE_GAP, 'DELETE FROM messages WHERE conversation = :c AND sequence = 7'],
  [
    IntegrityDefect.SEQUENCE_DUPLICATE,
    `DROP INDEX messages_by_sequence; UPDATE messages SET sequence = 7 WHERE conversation = :c AND sequence = 8`,
  ],
  [
    IntegrityDefect.MESSAGE_ID_DUPLICATE,
    `DROP INDEX messages_by_id;
     UPDATE messages SET message_id = (SELECT message_id FROM messages WHERE conversation = :c AND sequence = 3) WHERE conversation = :c AND sequence = 4`,
  ],
  [IntegrityDefect.HEAD_MISMATCH, 'UPDATE conversations SET sequence = sequence + 1 WHERE no = :c'],
  [IntegrityDefect.REVISION_GAP, 'UPDATE conversations SET revision = revision + 1 WHERE no = :c'],
  [IntegrityDefect.RECEIPT_INVALID, 'UPDATE receipts SET read_through = 15, delivered_through = 5 WHERE conversation = :c'],
  [IntegrityDefect.RECEIPT_INVALID, 'UPDATE receipts SET delivered_through = 1000 WHERE conversation = :c'],
  [
    IntegrityDefect.ORDER_MISMATCH,
    `UPDATE messages SET position = (SELECT position FROM messages WHERE conversation = :c AND sequence = 3) WHERE conversation = :c AND sequence = 5`,
  ],
  [
    IntegrityDefect.MESSAGE_LOST,
    `DELETE FROM messages WHERE conversation = :c AND sequence = (SELECT sequence FROM conversations WHERE no = :c);
     UPDATE conversations SET sequence = sequence - 1, revision = revision - 1 WHERE no = :c`,
  ],
  [IntegrityDefect.CONTENT_CORRUPT, `UPDATE messages SET data = x'ffffffff' WHERE conversation = :c AND sequence = 6`],
  [
    IntegrityDefect.CONTENT_CORRUPT,
    'UPDATE messages SET data = (SELECT data FROM messages WHERE conversation = :c AND sequence = 2) WHERE conversation = :c AND sequence = 6',
  ],
]

describe('VerifyIntegrity', () => {
  const pristine = mkdtempSync(join(tmpdir(), 'chat4all-integrity-'))
  let conversationId: string

  beforeAll(async () => {
    await using server = await TestServer.start({ dataDir: pristine })
    conversationId = await talk(server)
    expect(await findings(server)).toEqual([])
    expect(await server.terminate()).toBe(0)
  })
  afterAll(() => rmSync(pristine, { recursive: true }))

  it.each(DEFECTS.map(([defect, sql]) => ({ name: IntegrityDefect[defect], defect, sql })))(
    'finds $name: $sql',
    async ({ defect, sql }) => {
      const dataDir = mkdtempSync(join(tmpdir(), 'chat4all-defect-'))
      try {
        cpSync(pristine, dataDir, { recursive: true })
        plant(dataDir, conversationId, sql)
        await using server = await TestServer.start({ dataDir })
        const found = await findings(server)
        expect(found.map((f) => IntegrityDefect[f.defect])).toContain(IntegrityDefect[defect])
        for (const f of found) expect(f.conversationId).toBe(conversationId)
      } finally {
        rmSync(dataDir, { recursive: true, force: true })
      }
    },
  )
})

async function talk(server: TestServer): Promise<string> {
  const client = await server.apiClient()
  const group = { type: ConversationType.GROUP, members: ['ann', 'bob'] }
  const { conversation } = await client.call(ConversationService.method.createConversation, group)
  const { conversationId } = conversation!
  const text = (value: string) => ({ content: { case: 'text' as const, value } })
  for (let i = 1; i <= 20; i++) {
    const { messageId } = await client.call(MessageService.method.sendMessage, {
      conversationId,
      from: 'ann',
      payload: text(`message ${i}`),
    })
    if (i === 10) await client.call(MessageService.method.editMessage, { messageId, from: 'ann', payload: text('edited') })
  }
  await client.call(ReceiptService.method.markReceipts, {
    userId: 'bob',
    marks: [{ conversationId, deliveredThrough: 20n, readThrough: 10n }],
  })
  client.close()
  return conversationId
}

function plant(dataDir: string, conversationId: string, sql: string): void {
  const db = new DatabaseSync(storeFile(dataDir, 'messages'))
  const { no } = db.prepare('SELECT no FROM conversations WHERE conversation_id = ?').get(conversationId) as { no: number }
  db.exec(sql.replaceAll(':c', String(no)))
  db.close()
}
