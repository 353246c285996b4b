import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { TestServer, waitUntil } from '@chat4all/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BIN, Cli } from './cli.ts'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

let server: TestServer
let cli: Cli
beforeAll(async () => {
  await import('../scripts/build.ts')
  server = await TestServer.start()
  cli = new Cli(server)
}, 60_000)
afterAll(() => server[Symbol.asyncDispose]())

const json = (lines: readonly string[]) => lines.map((line) => JSON.parse(line))

describe('send', () => {
  test('prints the message id, and creates users that do not exist', async () => {
    const sent = await cli.run(['send', '--as', 'ana', '--to', 'bruno', 'Hello,', 'Bruno'])
    expect(sent).toMatchObject({ code: 0, err: '' })
    expect(sent.lines).toEqual([expect.stringMatching(UUID)])
    const users = await cli.run(['users', 'list', '--json'])
    expect(json(users.lines).map(({ userId }) => userId)).toEqual(expect.arrayContaining(['ana', 'bruno']))
  })

  test('reads the text from a pipe', async () => {
    const { lines } = await cli.run(['send', '--as', 'ana', '--to', 'piped', '--json'], { input: 'two\nlines\n' })
    const { messageId, conversationId } = JSON.parse(lines[0]!)
    const history = await cli.run(['history', conversationId, '--json'])
    expect(json(history.lines)).toMatchObject([{ messageId, payload: { type: 'text', text: 'two\nlines' } }])
  })

  test('sends every line of a pipe as a message, in order', async () => {
    const input = Array.from({ length: 500 }, (_, n) => `line ${n}`).join('\n')
    const sent = await cli.run(['send', '--as', 'ana', '--to', 'lines', '--lines'], { input })
    expect(sent.lines).toHaveLength(500)
    const history = await cli.run(['history', '--as', 'ana', '--with', 'lines', '--since', '0', '-n', '1000', '--json'])
    expect(json(history.lines).map(({ payload }) => payload.text)).toEqual(input.split('\n'))
    expect(json(history.lines).map(({ messageId }) => messageId)).toEqual(sent.lines)
  })

  test('never sends one id twice', async () => {
    const id = '01920000-0000-7000-8000-00000000000a'
    const send = (text: string) => cli.run(['send', '--as', 'ana', '--to', 'once', '--id', id, text])
    expect((await send('one')).lines).toEqual([id])
    expect((await send('one')).lines).toEqual([id])
    expect(await send('other')).toMatchObject({ code: 1, err: expect.stringContaining('IDEMPOTENCY_KEY_REUSED') })
  })

  test('shows the ticks until everybody has read it', async () => {
    await cli.run(['users', 'add', 'reader'])
    const tail = cli.start(['tail', '--as', 'reader', '--read'])
    await waitUntil('the tail listens', () => tail.err.includes('listening as reader'))
    const sent = await cli.run(['send', '--as', 'ana', '--to', 'reader', '--wait', 'Hello'])
    expect(sent.lines.map((line) => line.match(/SENT|DELIVERED|READ/)?.[0])).toEqual([undefined, 'SENT', 'DELIVERED', 'READ'])
    tail.process.kill('SIGINT')
    expect(await tail.ended()).toMatchObject({ code: 0 })
    const status = await cli.run(['status', sent.lines[0]!, '--json'])
    expect(json(status.lines).map(({ state }) => state)).toEqual(['SENT', 'DELIVERED', 'READ'].map((state) => `DELIVERY_STATE_${state}`))
  })
})

describe('tail', () => {
  test('goes on without gap or repeat when the server is killed and comes back', async () => {
    await cli.run(['users', 'add', 'eva', 'finn'])
    const tail = cli.start(['tail', '--as', 'finn', '--json'])
    await waitUntil('the tail listens', () => tail.err.includes('listening as finn'))
    const send = (n: number) => cli.run(['send', '--as', 'eva', '--to', 'finn', `${n}`])
    for (const n of [1, 2]) await send(n)
    await server.kill()
    const third = send(3)
    await server.restart()
    expect(await third).toMatchObject({ code: 0 })
    await send(4)
    const texts = () => json(tail.lines).flatMap(({ kind, value }) => (kind === 'messageCreated' ? [value.payload.text] : []))
    await waitUntil('all messages are there', () => texts().length >= 4)
    await waitUntil('the tail says that it is back', () => tail.err.includes('nothing missed'))
    tail.process.kill('SIGTERM')
    await tail.ended()
    expect(texts()).toEqual(['1', '2', '3', '4'])
    expect(tail.err).toContain('trying again')
  })

  test('creates a user who is not there yet, and writes each message as it comes', async () => {
    const tail = cli.start(['tail', '--as', 'newcomer'])
    await waitUntil('the tail listens', () => tail.err.includes('listening as newcomer'))
    await cli.run(['send', '--as', 'ana', '--to', 'newcomer', '\u001b[31mred\nand more'])
    await waitUntil('the message is there', () => tail.lines.length >= 3)
    expect(tail.out).toMatch(/^ +\[ana\] created with ana, newcomer\n\d\d:\d\d:\d\d {2}#1 ana: \\e\[31mred\n +and more {2}✓✓\n$/)
    tail.process.kill('SIGINT')
    await tail.ended()
  })
})

describe('conversations', () => {
  test('are created, listed and changed', async () => {
    const created = await cli.run(['conversations', 'create', '--title', 'Launch', 'gil', 'hana'])
    const [id] = created.lines
    expect(id).toMatch(UUID)
    expect(await cli.run(['conv', 'add', id!, 'ivo', '--as', 'gil'])).toMatchObject({ code: 0, out: 'added ivo\n' })
    expect(await cli.run(['conv', 'role', id!, 'hana', 'admin'])).toMatchObject({ out: 'hana is admin\n' })
    expect(await cli.run(['conv', 'rename', id!, 'Launch day'])).toMatchObject({ out: 'renamed to Launch day\n' })
    expect(await cli.run(['conv', 'remove', id!, 'ivo'])).toMatchObject({ out: 'removed ivo\n' })
    expect(await cli.run(['conv', 'leave', id!, '--as', 'hana'])).toMatchObject({ out: 'left\n' })
    const members = await cli.run(['conv', 'members', id!])
    expect(members.lines[1]).toMatch(/^gil {3}owner {2}/)
    const list = await cli.run(['conv', 'list', '--as', 'gil'])
    expect(list.lines[0]).toMatch(/^CONVERSATION +WITH +MEMBERS +UNREAD +LAST +MESSAGE$/)
    expect(list.lines[1]).toContain(`${id}  Launch day  1        0`)
    expect((await cli.run(['conv', 'get', id!])).out).toContain('title         Launch day')
  })

  test('are private for two', async () => {
    const first = await cli.run(['conv', 'create', '--private', 'jo', 'kim'])
    const second = await cli.run(['conv', 'create', '--private', 'kim', 'jo'])
    expect(second).toMatchObject({ code: 0, out: first.out, err: 'it existed already\n' })
  })
})

describe('history', () => {
  test('reads from any place, oldest first', async () => {
    await cli.run(['send', '--as', 'lea', '--to', 'max', '--lines'], { input: '1\n2\n3\n4\n5\n' })
    const texts = async (...args: string[]) => {
      const { lines } = await cli.run(['history', '--as', 'lea', '--with', 'max', '--json', ...args])
      return json(lines).map(({ payload }) => payload.text)
    }
    expect(await texts()).toEqual(['1', '2', '3', '4', '5'])
    expect(await texts('-n', '2')).toEqual(['4', '5'])
    expect(await texts('--since', '3')).toEqual(['4', '5'])
    expect(await texts('--before', '3')).toEqual(['1', '2'])
    expect(await texts('--around', '3', '-n', '3')).toEqual(expect.arrayContaining(['3']))
    expect(await texts('--from', '2020-01-01', '-n', '1')).toEqual(['1'])
    expect((await cli.run(['history', '--as', 'lea', '--with', 'max'])).lines[0]).toMatch(/^\d\d:\d\d:\d\d {2}#1 lea: 1 {2}✓$/)
  })

  test('ends quietly when its reader has seen enough', async () => {
    const input = Array.from({ length: 3000 }, () => 'x'.repeat(200)).join('\n')
    await cli.run(['send', '--as', 'lea', '--to', 'noah', '--lines'], { input })
    const history = cli.start(['history', '--as', 'lea', '--with', 'noah', '--since', '0', '-n', '3000', '--json'])
    history.process.stdout!.once('data', () => history.process.stdout!.destroy())
    expect(await history.ended()).toMatchObject({ code: 0, err: '' })
  })
})

describe('administration', () => {
  test('creates, uses, rotates and revokes an API client', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'chat4all-cli-')), 'shop.json')
    const created = await cli.run(['admin', 'clients', 'create', 'Shop', '--out', file])
    expect(created.code).toBe(0)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const { client_id } = JSON.parse(readFileSync(file, 'utf8'))
    expect(json((await cli.run(['whoami', '--credentials', file, '--json'])).lines)).toMatchObject([
      { tenantId: 'default', clientId: client_id },
    ])
    expect(await cli.run(['admin', 'tenants', 'list', '--credentials', file])).toMatchObject({ code: 3 })
    await cli.run(['admin', 'clients', 'rotate', client_id])
    expect(await cli.run(['whoami', '--credentials', file])).toMatchObject({ code: 5 })
    expect((await cli.run(['admin', 'clients', 'revoke', client_id])).out).toContain('revoked')
    rmSync(dirname(file), { recursive: true })
  })

  test('logs in and out', async () => {
    const { client_id, client_secret } = server.credentials
    const profile = join(server.dataDir, 'chat4all/credentials.json')
    const login = await cli.run(['login', '--client-id', client_id], { input: `${client_secret}\n` })
    expect(login).toMatchObject({ code: 0, out: expect.stringContaining('tenant default') })
    expect(statSync(profile).mode & 0o777).toBe(0o600)
    expect((await cli.run(['whoami'])).out).toContain(profile)
    await cli.run(['logout'])
    expect(existsSync(profile)).toBe(false)
    expect(await cli.run(['login', '--client-id', client_id], { input: 'wrong' })).toMatchObject({ code: 5 })
  })

  test('creates tenants, and rotates keys without breaking tokens', async () => {
    expect((await cli.run(['admin', 'tenants', 'create', 'acme', '--name', 'Acme'])).out).toContain('acme')
    expect(await cli.run(['admin', 'tenants', 'create', 'acme'])).toMatchObject({ code: 1, err: expect.stringContaining('TENANT_EXISTS') })
    expect((await cli.run(['admin', 'keys', 'rotate'])).out).toMatch(/^new key /)
    expect(await cli.run(['whoami'])).toMatchObject({ code: 0 })
  })

  test('verifies what is stored', async () => {
    await cli.run(['send', '--as', 'ana', '--to', 'bruno', 'x'])
    expect(await cli.run(['verify'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^clean: \d+ messages in \d+ conversations checked\n$/),
    })
    expect(json((await cli.run(['verify', '--json'])).lines)).toMatchObject([{ done: true }])
  })
})

describe('failures', () => {
  test.each([
    [2, ['frobnicate'], "unknown command 'frobnicate'"],
    [2, ['send', '--to', 'bruno', 'x'], 'say who does it: --as USER'],
    [2, ['send', '--as', 'ana', '--to', 'bruno', ' '], 'nothing to send'],
    [2, ['send', '--as', 'no good', '--to', 'bruno', 'x'], 'FIELD_INVALID'],
    [2, ['history', '--as', 'ana', '--with', 'bruno', '--since', '1', '--before', '2'], 'cannot be used with'],
    [3, ['users', 'get', 'nobody'], 'USER_NOT_FOUND user_id=nobody'],
    [3, ['history', '--as', 'ana', '--with', 'nobody'], 'USER_NOT_FOUND'],
    [3, ['status', '01920000-0000-7000-8000-000000000001'], 'MESSAGE_NOT_FOUND'],
    [4, ['users', 'list', '--server', 'http://127.0.0.1:1'], 'Is the server up there?'],
    [4, ['send', '--as', 'a', '--to', 'b', '--timeout', '1', '--server', 'http://127.0.0.1:1', 'x'], 'Is the server up there?'],
    [5, ['whoami', '--credentials', '/nowhere'], 'no credentials'],
  ])('exit with %i: chat4all %j', async (code, args, message) => {
    await cli.run(['users', 'add', 'ana', 'bruno'])
    expect(await cli.run(args)).toMatchObject({ code, out: '', err: expect.stringContaining(message) })
  })

  test('are objects for scripts', async () => {
    const { err } = await cli.run(['users', 'get', 'nobody', '--json'])
    expect(JSON.parse(err)).toMatchObject({ reason: 'USER_NOT_FOUND', code: 'not_found', metadata: { user_id: 'nobody' } })
  })
})

describe('help', () => {
  const commands = [
    [],
    ...['login', 'logout', 'whoami', 'send', 'tail', 'history', 'status', 'verify'].map((name) => [name]),
    ...['list', 'add', 'get', 'deactivate'].map((name) => ['users', name]),
    ...['list', 'create', 'get', 'rename', 'members', 'add', 'remove', 'role', 'leave'].map((name) => ['conversations', name]),
    ...['tenants list', 'tenants create', 'clients list', 'clients create', 'clients rotate', 'clients revoke', 'keys rotate'].map(
      (name) => ['admin', ...name.split(' ')],
    ),
  ]
  test('of every command has examples', async () => {
    const helps = await Promise.all(commands.map((path) => cli.run([...path, '--help'])))
    expect(helps.filter(({ code, out }) => code !== 0 || !out.includes('\nExamples:\n  $ chat4all'))).toEqual([])
  })
})

test('says what to do when it is not built', async () => {
  const home = mkdtempSync(join(tmpdir(), 'chat4all-cli-'))
  cpSync(BIN, join(home, 'bin/chat4all.mjs'))
  const ended = await cli.run(['whoami'], { bin: join(home, 'bin/chat4all.mjs') })
  rmSync(home, { recursive: true })
  expect(ended).toMatchObject({ code: 1, out: '', err: 'chat4all: not built yet: run `make up`, or `make build`\n' })
})

test('runs under Node 20', async ({ skip }) => {
  const node = resolve(import.meta.dirname, '../../typescript/node_modules/node20/bin/node')
  if (process.platform !== 'linux' || process.arch !== 'x64') skip('the node20 package has no program for this platform')
  const sent = await cli.run(['send', '--as', 'ana', '--to', 'bruno', 'from Node 20'], { node })
  expect(sent).toMatchObject({ code: 0, err: '' })
})
