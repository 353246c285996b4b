import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { ConversationType, MemberRole } from '@chat4all/gen/chat4all/v1/conversation_pb.js'
import { ConversationService } from '@chat4all/gen/chat4all/v1/conversation_service_pb.js'
import { MessageService } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { Load, type RawClient, RpcFailure, storeFile, TestServer, waitUntil } from '@chat4all/testkit'
import { expect, it } from 'vitest'
import { expectNothingBroken, findings } from './clean.ts'

it('writes byte-identical rows when the log is replayed into an empty message store', async () => {
  const copy = mkdtempSync(join(tmpdir(), 'chat4all-replay-'))
  try {
    await using server = await TestServer.start()
    await using load = await Load.prepare(server, { pairs: 10 })
    load.start()
    const client = await server.apiClient()
    await Promise.all([changeThings(client, 'a'), changeThings(client, 'b'), sleep(1500)])
    await expectNothingBroken(server, load)
    client.close()
    expect(await server.terminate()).toBe(0)
    cpSync(server.dataDir, copy, { recursive: true })
    const original = rows(storeFile(copy, 'messages'))

    const file = storeFile(server.dataDir, 'messages')
    for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true })
    await server.restart()
    await waitUntil('the log is replayed', () => lastPositions(file) === lastPositions(storeFile(copy, 'messages')))
    expect(await findings(server)).toEqual([])
    expect(await server.terminate()).toBe(0)

    const replayed = rows(file)
    for (const table of Object.keys(original)) expect(replayed[table], table).toEqual(original[table])
    expect(original.messages!.length).toBeGreaterThan(100)
    for (const table of ['edits', 'changes', 'members']) expect(original[table]!.length, table).toBeGreaterThan(5)
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
})

/** Every kind of change that goes through the log. */
async function changeThings(impatient: RawClient, name: string): Promise<void> {
  const client = patient(impatient)
  const { conversation } = await client.call(ConversationService.method.createConversation, {
    type: ConversationType.GROUP,
    title: name,
    members: ['ann', 'bob', 'cid'],
  })
  const { conversationId } = conversation!
  const text = (value: string) => ({ content: { case: 'text' as const, value } })
  for (let i = 0; i < 20; i++) {
    const { messageId } = await client.call(MessageService.method.sendMessage, {
      conversationId,
      from: 'ann',
      payload: text(`message ${i}`),
    })
    await client.call(MessageService.method.addReaction, { messageId, emoji: '👍', from: 'bob' })
    await client.call(MessageService.method.addReaction, { messageId, emoji: '🎉', from: 'cid' })
    await client.call(MessageService.method.removeReaction, { messageId, emoji: '👍', from: 'bob' })
    await client.call(MessageService.method.editMessage, { messageId, from: 'ann', payload: text(`edited ${i}`) })
    if (i % 5 === 0) await client.call(MessageService.method.deleteMessage, { messageId, from: 'ann' })
    await client.call(ConversationService.method.addMembers, { conversationId, members: [`guest-${i}`] })
    if (i % 2 === 0) await client.call(ConversationService.method.removeMembers, { conversationId, members: [`guest-${i}`] })
    await client.call(ConversationService.method.setMemberRole, {
      conversationId,
      userId: 'bob',
      role: i % 2 ? MemberRole.ADMIN : MemberRole.MEMBER,
    })
  }
  await client.call(ConversationService.method.updateConversation, {
    conversationId,
    title: `${name} renamed`,
    updateMask: { paths: ['title'] },
  })
}

/** Repeats calls that are refused because the server has too much to do. */
function patient(client: RawClient): Pick<RawClient, 'call'> {
  return {
    call: async (method, init) => {
      for (;;) {
        try {
          return await client.call(method, init)
        } catch (error) {
          if (!(error instanceof RpcFailure && error.reason === 'RATE_LIMITED')) throw error
          await sleep(100)
        }
      }
    },
  }
}

/** Everything in the store that follows from the log, with ids in the place of the store's own numbers. Receipts are no part of the log. */
function rows(file: string): Record<string, unknown[]> {
  const db = new DatabaseSync(file, { readOnly: true })
  const id = 'SELECT t.tenant_id || c.conversation_id FROM conversations c JOIN tenants t ON t.no = c.tenant WHERE c.no = x.conversation'
  const all = (sql: string) => db.prepare(sql).all()
  try {
    return {
      conversations: all(
        `SELECT t.tenant_id, x.conversation_id, partition, sequence, revision, position, active_at, member_count, changes_floor
         FROM conversations x JOIN tenants t ON t.no = x.tenant ORDER BY 1, 2`,
      ),
      messages: all(`SELECT (${id}) id, sequence, message_id, revision, position, accepted_at, sender, data FROM messages x ORDER BY 1, 2`),
      edits: all(`SELECT (${id}) id, sequence, revision, replaced_at, data FROM edits x ORDER BY 1, 2, 3`),
      changes: all(`SELECT (${id}) id, revision, sequence_at, position, at, sequence, event FROM changes x ORDER BY 1, 2`),
      members: all(`SELECT (${id}) id, user_id, role, joined_sequence, left_revision, left_sequence FROM members x ORDER BY 1, 2`),
    }
  } finally {
    db.close()
  }
}

function lastPositions(file: string): string {
  const db = new DatabaseSync(file, { readOnly: true, timeout: 5_000 })
  try {
    return JSON.stringify(db.prepare('SELECT partition, max(position) FROM conversations GROUP BY partition ORDER BY partition').all())
  } finally {
    db.close()
  }
}
