import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { CqlServer, type EngineProcess, engineMissing, NatsServers, PostgresServer, S3Server, waitUntil } from '../src/index.ts'
import { type Rows, rowsInCql, rowsInNats, rowsInPostgres, rowsInS3 } from './rows.ts'

/** Started, written to, paused, resumed, killed, restarted and removed: what was acknowledged is there until the end. */
async function live(server: AsyncDisposable, nodes: readonly EngineProcess[], rows: Rows): Promise<void> {
  await rows.add('kept')

  for (const node of nodes) node.pause()
  const answer = rows.all().catch(() => 'too late')
  expect(await Promise.race([answer, sleep(200, 'silence')])).toBe('silence')
  for (const node of nodes) node.resume()
  await answer

  await Promise.all(nodes.map((node) => node.kill()))
  await expect(rows.all()).rejects.toThrow()
  await Promise.all(nodes.map((node) => node.restart()))
  await waitUntil('the row is back', async () => String(await rows.all().catch(String)) === 'kept')

  await server[Symbol.asyncDispose]()
  expect(nodes.filter(({ running, folder }) => running || existsSync(folder))).toEqual([])
}

it.for([1, 3] as const)('runs a group of %i NATS servers', async (size, context) => {
  context.skip(engineMissing('nats') !== undefined, engineMissing('nats'))
  await using servers = await NatsServers.start({ size })
  await live(servers, servers.nodes, rowsInNats(servers))
})

it('runs a Cassandra node', { timeout: 180_000 }, async (context) => {
  context.skip(engineMissing('cassandra') !== undefined, engineMissing('cassandra'))
  await using server = await CqlServer.start()
  await live(server, [server.node], rowsInCql(server))
})

it('runs PostgreSQL', async (context) => {
  context.skip(engineMissing('postgres') !== undefined, engineMissing('postgres'))
  await using server = await PostgresServer.start()
  await live(server, [server.node], rowsInPostgres(server))
})

it('runs an S3 server', async (context) => {
  context.skip(engineMissing('s3') !== undefined, engineMissing('s3'))
  await using server = await S3Server.start()
  await live(server, [server.node], rowsInS3(server))
})

it('leaves no server and no folder behind when the test process is killed', async (context) => {
  context.skip(engineMissing('postgres') !== undefined, engineMissing('postgres'))
  const test = spawn(process.execPath, [join(import.meta.dirname, 'orphan.ts')], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(test.stdout, 'data')
  const { url, folder } = JSON.parse(String(line))
  const rows = rowsInPostgres({ url })
  await rows.add('a')
  test.kill('SIGKILL')
  await waitUntil('its folder is gone', () => !existsSync(folder))
  await expect(rows.all()).rejects.toThrow('ECONNREFUSED')
})
