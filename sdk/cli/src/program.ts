import { Command } from 'commander'
import { adminCommand } from './commands/admin.ts'
import { conversationsCommand } from './commands/conversations.ts'
import { historyCommand } from './commands/history.ts'
import { loginCommand, logoutCommand } from './commands/login.ts'
import { sendCommand } from './commands/send.ts'
import { statusCommand } from './commands/status.ts'
import { tailCommand } from './commands/tail.ts'
import { usersCommand } from './commands/users.ts'
import { verifyCommand } from './commands/verify.ts'
import { whoamiCommand } from './commands/whoami.ts'
import type { Context } from './context.ts'
import { examples } from './help.ts'
import { version } from './version.ts'

/** The whole command line. */
export function createProgram(context: Context): Command {
  const program = new Command('chat4all')
    .description('Talk to a Chat4All server from the command line.')
    .version(version)
    .option('--server <url>', 'gRPC address of the server (CHAT4ALL_SERVER; default http://127.0.0.1:9090)')
    .option('--credentials <file>', 'credentials of an API client (CHAT4ALL_CREDENTIALS; default: see below)')
    .option('--as <user>', 'act as this user')
    .option('--json', 'write one JSON object per line, for scripts')
    .helpCommand('help [command]', 'show the help of a command')
    .addHelpText('after', ABOUT)
    .hook('preAction', (_, command) => context.use(command.optsWithGlobals()))
  examples(program, 'chat4all tail --as bruno', 'chat4all send --as ana --to bruno "Hello, Bruno"', 'chat4all help send')
  const commands = [
    loginCommand,
    logoutCommand,
    whoamiCommand,
    usersCommand,
    conversationsCommand,
    sendCommand,
    tailCommand,
    historyCommand,
    statusCommand,
    verifyCommand,
    adminCommand,
  ]
  for (const create of commands) program.addCommand(create(context))
  return throwing(program)
}

/** Makes Commander throw instead of ending the process, in every command. */
function throwing(command: Command): Command {
  command.exitOverride().configureHelp({ showGlobalOptions: true })
  command.configureOutput({ outputError: (text, write) => write(text.replace(/^error:/, 'chat4all:')) })
  command
    .showSuggestionAfterError()
    .showHelpAfterError(`(chat4all ${command.name() === 'chat4all' ? '' : `${path(command)} `}--help says more)`)
  command.commands.forEach(throwing)
  return command
}

const path = (command: Command): string =>
  command.parent && command.parent.name() !== 'chat4all' ? `${path(command.parent)} ${command.name()}` : command.name()

const ABOUT = `
Credentials are the first there are of: --credentials, CHAT4ALL_CREDENTIALS, what \`chat4all login\` stored,
$CHAT4ALL_DATA_DIR/credentials.json, ./data/credentials.json.

Exit codes: 0 done, 1 failed, 2 wrong usage or a value the server refuses, 3 not found or not permitted,
4 server unreachable or too busy, 5 not logged in, 130 interrupted.`
