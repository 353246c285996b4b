// Chat4All as one peer of a side-by-side harness that starts each server on an empty store, drives the same workload and
// compares. The harness passes this file by its path and brings its own helpers (lib/util.mjs beside the program started).
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { SetupApi } from './setup-api.mjs'

const root = path.join(import.meta.dirname, '../..')
const node = path.join(root, 'scripts/node')
const harness = path.dirname(path.resolve(process.argv[1]))
const { freePort, startProc, stopProc, tmp, rmrf, sleep } = await import(pathToFileURL(path.join(harness, 'lib/util.mjs')).href)

export default function chat4all({ variant } = {}) {
  if (variant) throw new Error('no variants')
  const conversations = new Map() // "a b" -> conversation id
  let server, dir, grpcPort, httpPort, api
  let errors = 0
  const noteBreak = (failure) => {
    if (errors++ < 3) console.error('chat4all:', failure?.message ?? 'stream ended')
  }
  const logFile = () => path.join(dir, 'out.log')
  const dataDir = () => path.join(dir, 'data')

  /** The harness's view of a user's session. */
  function session(user, client) {
    const view = {
      user,
      client,
      onMessage: null,
      send: (to, body, onAck) => client.send(conversations.get(`${user} ${to}`), body, (error) => onAck?.(error)),
      close: () => client.close(),
    }
    client.onText = (text) => view.onMessage?.(text)
    client.onBreak = noteBreak
    return view
  }

  return {
    name: 'chat4all',
    acks: true,
    connectConcurrency: 10,
    durability:
      'durable before ack and delivery: each message is committed to a log and to a message store in SQLite (WAL, synchronous=FULL), commits grouped; 1 log row and 1 message row in both 1:1 and room',
    available: () => null,
    version: () =>
      `chat4all ${JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')).version}, Node ${execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()}`,
    async start(ctx) {
      dir = tmp('chat4all')
      grpcPort = await freePort()
      httpPort = await freePort()
      const env = {
        ...process.env,
        NODE_ENV: 'production',
        CHAT4ALL_DATA_DIR: dataDir(),
        CHAT4ALL_HOST: '127.0.0.1',
        CHAT4ALL_GRPC_PORT: String(grpcPort),
        CHAT4ALL_HTTP_PORT: String(httpPort),
      }
      server = startProc(path.join(root, 'scripts/serve'), [path.join(root, 'services/all/src/main.ts')], {
        cpu: ctx.serverCpu,
        cwd: root,
        env,
        log: logFile(),
      })
      await ready()
      api = await SetupApi.signIn(grpcPort, JSON.parse(readFileSync(path.join(dataDir(), 'credentials.json'), 'utf8')))
    },
    provision: (users) => api.createUsers(users),
    async connect(user) {
      return session(user, await api.connect(user))
    },
    async openChat(a, b) {
      const id = await api.createPrivate(a.user, b.user)
      conversations.set(`${a.user} ${b.user}`, id).set(`${b.user} ${a.user}`, id)
    },
    async room(name, members) {
      const id = await api.createGroup(
        name,
        members.map((m) => m.user),
      )
      return { send: (member, body, onAck) => member.client.send(id, body, (error) => onAck?.(error)) }
    },
    async verify({ sent }) {
      const counts = JSON.parse(execFileSync(node, [path.join(import.meta.dirname, 'count-rows.ts'), dataDir()], { encoding: 'utf8' }))
      return { ...counts, expected: sent, ok: [counts.rows, counts.ids, counts.heads].every((n) => n === sent) }
    },
    errors: () => errors,
    serverPids: () => [server.pid],
    logs: () => dir && logFile(),
    async stop() {
      await api?.close()
      await stopProc(server)
      if (dir) rmrf(dir)
    },
  }

  async function ready() {
    for (let i = 0; i < 600; i++) {
      if (server.exited) throw new Error(`the server exited during start: ${readFileSync(logFile(), 'utf8').slice(-2000)}`)
      const answer = await fetch(`http://127.0.0.1:${httpPort}/readyz`).catch(() => undefined)
      if (answer?.status === 200) return
      await sleep(50)
    }
    throw new Error('the server was not ready within 30 s')
  }
}
