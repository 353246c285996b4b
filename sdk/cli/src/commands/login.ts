import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { Command } from 'commander'
import type { Context } from '../context.ts'
import { type Credentials, parse, profileFile } from '../credentials.ts'
import { usage } from '../failure.ts'
import { examples } from '../help.ts'

interface LoginOptions {
  readonly clientId?: string
}

export function loginCommand(context: Context): Command {
  const command = new Command('login')
    .description('check the credentials of an API client and keep them for later commands')
    .option('--client-id <id>', 'API client; its secret is asked for, or read from standard input')
    .action((options: LoginOptions) => login(context, options))
  return examples(
    command,
    'chat4all login --credentials data/credentials.json',
    'chat4all login --server https://chat.example.com:9090 --client-id c_123',
    'chat4all login --client-id c_123 < secret.txt',
  )
}

export function logoutCommand(context: Context): Command {
  const command = new Command('logout').description('forget the credentials that `login` stored').action(() => {
    rmSync(profileFile(context.env), { force: true })
    context.output.note('logged out')
  })
  return examples(command, 'chat4all logout')
}

async function login(context: Context, options: LoginOptions): Promise<void> {
  const credentials = options.clientId === undefined ? fromFile(context) : await ask(context, options.clientId)
  context.found = { credentials, file: profileFile(context.env) }
  const { client_id: clientId, client_secret: clientSecret } = credentials
  const { tenantId } = await context.client().api.auth.createToken({ clientId, clientSecret })
  store({ client_id: clientId, client_secret: clientSecret, tenant_id: tenantId, server: context.server }, context.found.file)
  if (context.output.json) return context.output.object({ server: context.server, tenantId, clientId, credentials: context.found.file })
  context.output.line(`logged in to ${context.server} as API client ${clientId} of tenant ${tenantId}`)
  context.output.note(`stored in ${context.found.file}`)
}

function fromFile({ options, env }: Context): Credentials {
  const file = options.credentials ?? env.CHAT4ALL_CREDENTIALS
  if (file === undefined) throw usage('say who logs in: --credentials FILE or --client-id ID')
  return parse(readFileSync(file, 'utf8'), file)
}

async function ask(context: Context, clientId: string): Promise<Credentials> {
  const secret = context.stdin.isTTY ? await askHidden(context.stdin) : await readAll(context.stdin)
  if (secret.trim() === '') throw usage('no secret given')
  return { client_id: clientId, client_secret: secret.trim() }
}

/** Asks on the terminal without showing what is typed. */
async function askHidden(stdin: NodeJS.ReadStream): Promise<string> {
  process.stderr.write('Secret: ')
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const reader = createInterface({ input: stdin, output: silent, terminal: true })
  try {
    return await reader.question('')
  } finally {
    reader.close()
    process.stderr.write('\n')
  }
}

async function readAll(stdin: NodeJS.ReadStream): Promise<string> {
  let text = ''
  for await (const piece of stdin.setEncoding('utf8')) text += piece
  return text
}

function store(credentials: Credentials, file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  // A file that exists keeps its mode: it is made anew.
  rmSync(file, { force: true })
  writeFileSync(file, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600 })
}
