import type { ChatClient, Draft, Sent } from '@chat4all/sdk'
import { Command, Option } from 'commander'
import { count } from '../arguments.ts'
import type { Context } from '../context.ts'
import { EXIT, Failure, usage } from '../failure.ts'
import { examples } from '../help.ts'
import { ledgerLine } from '../ledger-line.ts'
import { sendLines } from '../send-lines.ts'

interface SendOptions {
  readonly to?: string
  readonly conversation?: string
  readonly replyTo?: string
  readonly mention?: readonly string[]
  readonly id?: string
  readonly lines?: true
  /** Seconds; true: without limit; false: not at all. */
  readonly wait?: number | boolean
  readonly timeout: number
}

/** How long a person at a terminal is shown what becomes of a message. */
const TERMINAL_WAIT_SECONDS = 10

export function sendCommand(context: Context): Command {
  const command = new Command('send')
    .description('send a message: accepted when this returns, kept and delivered once whatever happens then')
    .argument('[text...]', 'what to say; default: standard input, whole')
    .option('--to <user>', 'the user to send it to (created if unknown)')
    .option('--conversation <id>', 'the conversation to send it to')
    .option('--reply-to <message>', 'the message it answers')
    .option('--mention <user...>', 'users it mentions')
    .option('--id <uuid>', 'message id; giving the same one again never sends twice')
    .option('--lines', 'every line of standard input is a message')
    .option('--wait [seconds]', 'show the ticks until everybody has read it, and fail if that takes longer', seconds)
    .addOption(new Option('--no-wait', 'do not show the ticks (default when standard output is no terminal)'))
    .option('--timeout <seconds>', 'how long to try while the server is away', count, 30)
    .action((words: readonly string[], options: SendOptions) => send(context, words.join(' '), options))
  return examples(
    command,
    'chat4all send --as ana --to bruno "Hello, Bruno"',
    'chat4all send --as ana --conversation CONVERSATION --wait 60 "Still there?"',
    'echo hi | chat4all send --as ana --to bruno',
    'tail -f app.log | chat4all send --as bot --to bruno --lines',
  )
}

async function send(context: Context, words: string, options: SendOptions): Promise<void> {
  if ((options.to === undefined) === (options.conversation === undefined)) throw usage('say to whom: --to USER or --conversation ID')
  void context.userId
  const draft: Omit<Draft, 'text'> = {
    ...(options.to !== undefined && { to: options.to }),
    ...(options.conversation !== undefined && { conversationId: options.conversation }),
    ...(options.replyTo !== undefined && { replyTo: options.replyTo }),
    ...(options.mention !== undefined && { mentions: options.mention }),
    ...(options.id !== undefined && { messageId: options.id }),
  }
  const chat = context.client()
  const limit = { timeoutMs: options.timeout * 1000 }
  if (options.lines) return sendLines(context, (text) => chat.send({ ...draft, text }, limit))
  const text = words || (await readText(context))
  const sent = await chat.send({ ...draft, text }, limit)
  if (context.output.json) context.output.object(sent)
  else context.output.line(sent.messageId)
  await follow(context, chat, sent, options.wait)
}

/** Shows the ticks. */
async function follow(context: Context, chat: ChatClient, { messageId }: Sent, wait: SendOptions['wait']): Promise<void> {
  const asked = wait === true || typeof wait === 'number'
  const limit = wait === true ? Number.POSITIVE_INFINITY : typeof wait === 'number' ? wait : TERMINAL_WAIT_SECONDS
  if (!asked && (wait === false || !context.output.isTerminal)) return
  const interrupted = context.untilInterrupted()
  const signal = Number.isFinite(limit) ? AbortSignal.any([interrupted, AbortSignal.timeout(limit * 1000)]) : interrupted
  try {
    for await (const entry of chat.watchStatus(messageId, signal)) {
      context.output.one(entry, ledgerLine(context.output, entry))
    }
  } catch (error) {
    if (!signal.aborted) throw error
    if (asked) throw interrupted.aborted ? new Failure('', EXIT.interrupted) : new Failure(`not read by everybody within ${limit} s`)
  }
}

async function readText({ stdin }: Context): Promise<string> {
  if (stdin.isTTY) throw usage('nothing to send: give a text, or pipe one in')
  let text = ''
  for await (const piece of stdin.setEncoding('utf8')) text += piece
  return text.replace(/\r?\n$/, '')
}

const seconds = (text: string): number => count(text)
