import { type BlobStore, EngineUnavailable, MIN_PART_BYTES } from '@chat4all/ports'
import { engineMissing, S3Server, TcpProxy, waitUntil } from '@chat4all/testkit'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openS3BlobStore } from './index.ts'

const missing = engineMissing('s3')

async function* content(pieces: number) {
  for (let piece = 0; piece < pieces; piece++) yield new Uint8Array(64 * 1024).fill(piece)
}

describe('BlobStore on an S3 server in trouble', () => {
  if (missing) return void it('fails well', ({ skip }) => skip(missing))

  let server: S3Server
  let proxy: TcpProxy
  let store: BlobStore
  const open = () => {
    const { region, accessKeyId, secretAccessKey } = server
    const endpoint = `http://127.0.0.1:${proxy.port}`
    return openS3BlobStore({ endpoint, region, bucket: 'blobs', credentials: { accessKeyId, secretAccessKey } })
  }
  beforeAll(async () => {
    server = await S3Server.start()
    proxy = await TcpProxy.start(Number(new URL(server.endpoint).port))
    store = await open()
  })
  afterEach(() => proxy.shape({}))
  afterAll(async () => {
    await store[Symbol.asyncDispose]()
    await proxy[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  })

  const collect = async (key: string) => Buffer.concat(await Array.fromAsync(store.read(key)))

  it('creates the bucket once, whoever opens it first', async () => {
    const stores = await Promise.all(Array.from({ length: 4 }, open))
    await stores[0]!.create('opened', content(1), 64 * 1024)
    for (const each of stores) {
      expect(await each.head('opened')).toBeDefined()
      await each[Symbol.asyncDispose]()
    }
  })

  it('says EngineUnavailable while the server is away, and goes on with an upload when it is back', async () => {
    const upload = await store.startUpload('upload', { size: MIN_PART_BYTES + 64 * 1024, partSize: MIN_PART_BYTES })
    await store.writePart(upload, 1, content(80))
    await server.node.kill()
    await expect(store.writePart(upload, 2, content(1))).rejects.toThrow(EngineUnavailable)
    await expect(store.completeUpload(upload)).rejects.toThrow(EngineUnavailable)
    await expect(store.create('away', content(1), 64 * 1024)).rejects.toThrow(EngineUnavailable)
    await expect(store.head('away')).rejects.toThrow(EngineUnavailable)
    await expect(collect('away')).rejects.toThrow(EngineUnavailable)
    await expect(open()).rejects.toThrow(EngineUnavailable)
    await server.node.restart()
    await store.writePart(upload, 2, content(1))
    expect(await store.completeUpload(upload)).toBe('created')
    expect((await collect('upload')).length).toBe(upload.size)
  })

  it('stores nothing, and says EngineUnavailable, when the connection breaks in the middle of content', async () => {
    async function* broken() {
      yield* content(10)
      await waitUntil('a connection is there', () => proxy.connections > 0)
      proxy.reset()
      yield* content(10)
    }
    await expect(store.create('broken', broken(), 20 * 64 * 1024)).rejects.toThrow(EngineUnavailable)
    expect(await store.head('broken')).toBeUndefined()
    expect(await store.create('broken', content(20), 20 * 64 * 1024)).toBe('created')
  })

  it('says EngineUnavailable when the connection breaks in the middle of a reading', async () => {
    await store.create('large', content(256), 256 * 64 * 1024)
    proxy.shape({ toClient: { bytesPerSecond: 1024 * 1024 } })
    const read = async () => {
      for await (const _ of store.read('large')) proxy.reset()
    }
    await expect(read()).rejects.toThrow(EngineUnavailable)
  })

  it('gives up on a server that says nothing', { timeout: 60_000 }, async () => {
    proxy.shape({ toClient: { blackhole: true } })
    await expect(store.head('large')).rejects.toThrow(EngineUnavailable)
  })

  it('waits no longer than the caller for a server that says nothing', async () => {
    proxy.shape({ toClient: { blackhole: true } })
    const reason = new Error('deadline')
    const controller = new AbortController()
    const calls = [
      store.create('silent', content(1), 64 * 1024, controller.signal),
      store.head('large', controller.signal),
      store.startUpload('silent', { size: 1, partSize: MIN_PART_BYTES }, controller.signal),
      Array.fromAsync(store.list('', undefined, controller.signal)),
    ]
    controller.abort(reason)
    for (const call of calls) await expect(call).rejects.toBe(reason)
  })
})
