import { execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { ConversationType } from '@chat4all/gen/chat4all/v1/conversation_pb.js'
import { ConversationService } from '@chat4all/gen/chat4all/v1/conversation_service_pb.js'
import { MessageService } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { Load, type RpcFailure, storeFile, TestServer, waitUntil } from '@chat4all/testkit'
import { status } from '@grpc/grpc-js'
import { expect, it } from 'vitest'
import { expectNothingBroken } from './clean.ts'

const SIZE_MB = 128

const whereMounting = it.skipIf(!canMount())

whereMounting(
  'refuses sends on a full disk, tears nothing, and goes on when space returns (skipped where mounting is not permitted)',
  async () => {
    await using disk = mountSmallDisk()
    await using server = await TestServer.start({ dataDir: disk.path })
    await using load = await Load.prepare(server, { pairs: 10 })
    const client = await server.apiClient()
    const { conversation } = await client.call(ConversationService.method.createConversation, {
      type: ConversationType.PRIVATE,
      members: ['ann', 'bob'],
    })
    const { conversationId } = conversation!
    const { pid } = server
    for (let round = 0; round < 2; round++) {
      load.start()
      await sleep(500)
      disk.fill()
      await waitUntil('every sender is refused', () => load.senders.every((s) => (s.answers.get('STORAGE_FULL') ?? 0) > round * 3))
      await sleep(1000)
      // A small message may still find room where a large batch did not.
      let failure: RpcFailure | undefined
      await waitUntil('a call is refused', async () => {
        failure = await failureOf(client.call(MessageService.method.sendMessage, { conversationId, from: 'ann', payload: LARGE }))
        return failure !== undefined
      })
      expect(failure).toMatchObject({ code: status.RESOURCE_EXHAUSTED, reason: 'STORAGE_FULL' })
      disk.free()
      const before = load.history.count('send', 'ok')
      await waitUntil('messages are accepted again', () => load.history.count('send', 'ok') > before + 100)
      await load.settle()
    }
    client.close()
    await expectNothingBroken(server, load)
    expect(server.pid).toBe(pid)
  },
)

whereMounting(
  'survives that the write-ahead log cannot be moved into the database, and moves it when space returns (skipped where mounting is not permitted)',
  async () => {
    await using disk = mountSmallDisk()
    await using server = await TestServer.start({ dataDir: disk.path })
    const client = await server.apiClient()
    const { conversation } = await client.call(ConversationService.method.createConversation, {
      type: ConversationType.PRIVATE,
      members: ['ann', 'bob'],
    })
    const { conversationId } = conversation!
    const store = storeFile(disk.path, 'messages')
    const moved = () => statSync(store).size
    {
      using reader = new DatabaseSync(store, { readOnly: true })
      reader.exec('BEGIN; SELECT count(*) FROM messages') // holds back what is written from now on
      const send = () => client.call(MessageService.method.sendMessage, { conversationId, from: 'ann', payload: LARGE })
      for (let batch = 0; batch < 24; batch++) await Promise.all(Array.from({ length: 100 }, send))
      expect(statSync(`${store}-wal`).size).toBeGreaterThan(17e6)
      disk.fill()
    }
    await sleep(1000) // ten attempts
    expect(server.running, server.state).toBe(true)
    disk.free()
    await waitUntil('the log is moved', () => moved() > 10e6)
    client.close()
  },
)

const LARGE = { content: { case: 'text', value: 'x'.repeat(10_240) } } as const

async function failureOf(call: Promise<unknown>): Promise<RpcFailure | undefined> {
  return await call.then(
    () => undefined,
    (error: RpcFailure) => error,
  )
}

function canMount(): boolean {
  try {
    void mountSmallDisk()[Symbol.asyncDispose]()
    return true
  } catch {
    return false
  }
}

/** A disk of its own in memory, with a file that takes all its space or none. */
function mountSmallDisk() {
  const path = mkdtempSync(join(tmpdir(), 'chat4all-disk-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MB}m`, 'tmpfs', path], { stdio: 'ignore' })
  const ballast = join(path, 'ballast')
  return {
    path,
    fill() {
      const file = openSync(ballast, 'w')
      for (const size of [1 << 20, 1 << 12]) {
        try {
          for (;;) writeSync(file, Buffer.alloc(size))
        } catch (error) {
          expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC')
        }
      }
      closeSync(file)
    },
    free: () => rmSync(ballast),
    async [Symbol.asyncDispose]() {
      execFileSync('umount', ['-l', path])
      rmdirSync(path)
    },
  }
}
