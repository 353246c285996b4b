import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { connectNats } from './connect.ts'
import { openNatsEngines } from './open.ts'
import { decentralizedLogin } from './testing/decentralized-login.ts'
import { withServers } from './testing/with-servers.ts'

const login = { user: 'mesh', password: 'right:"one"' }

withServers({ size: 1, more: 'authorization { user: mesh, password: "right:\\"one\\"" }' }, (at) => {
  test('opens every port with the login that the servers ask for', async () => {
    const options = { servers: at.servers.urls, partitions: 1, replicas: 1, allowSingleReplica: true, name: 'test' } as const
    await using engines = await openNatsEngines({ ...options, login })
    expect(await engines.conversationLog.end(0)).toBe(0n)
  })

  test.each([
    [{ ...login, password: 'wrong' }, /the user "mesh" with this password: .*Authorization Violation/],
    [undefined, /without a login: .*Authorization Violation/],
  ])('fails at once, and says why, with a wrong login or none', async (wrong, message) => {
    const started = performance.now()
    await expect(connectNats(at.servers.urls, 'test', wrong)).rejects.toThrow(message)
    expect(performance.now() - started).toBeLessThan(5_000)
  })

  test('never shows the password', async () => {
    const failure = await connectNats(at.servers.urls, 'test', { user: 'mesh', password: 'hush' }).catch((error: Error) => error)
    expect(`${failure} ${(failure as Error).cause}`).not.toContain('hush')
  })
})

const { configuration, credentials } = decentralizedLogin()

withServers({ size: 1, more: configuration }, (at) => {
  test('logs in by a credentials file, and only by the right one', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'credentials-'))
    const connectBy = async (text: string) => {
      await writeFile(join(folder, 'user.creds'), text)
      return await connectNats(at.servers.urls, 'test', { credentialsFile: join(folder, 'user.creds') })
    }
    const connection = await connectBy(credentials)
    await connection.flush()
    await connection.close()
    await expect(connectBy(decentralizedLogin().credentials)).rejects.toThrow(/the credentials in .*user.creds: .*Authorization Violation/)
    await expect(connectBy('no credentials')).rejects.toThrow()
    await rm(folder, { recursive: true })
    await expect(connectNats(at.servers.urls, 'test', { credentialsFile: join(folder, 'user.creds') })).rejects.toThrow('ENOENT')
  })
})
