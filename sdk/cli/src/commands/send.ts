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
  /** Default: for a while, if a person watches. */
  readonly wait?: boolean
  readonly timeout: number
}

/** How long a person at a terminal is shown what becomes of a message. */
const TERMINAL_WAIT_MS = 10_000

/** A send that takes longer is remarked upon. */
const PATIENCE_MS = 2_000

export function sendCommand(context: Context): Command {
  const command = new Command('send')
    .description('send a message: accepted when this returns, kept and delivered once whatever happens then')
    .argument('[text...]', 'what to say; default: standard input, whole')
    .option('--to <user>', 'the user to send it to (created if unknown)')
    .option('--conversation <id>', 'the conversation to send it to')
    .option('--reply-to <message>', 'the message it answers')
    .option('--mention <user>', 'a user it mentions; may be repeated', collect)
    .option('--id <uuid>', 'message id; giving the same one again never sends twice')
    .option('--lines', 'every line of standard input is a message')
    .option('--wait', 'show the ticks until everybody has read it')
    .addOption(new Option('--no-wait', 'do not show the ticks (default when standard output is no terminal)'))
    .option('--timeout <seconds>', 'how long to try while the server is away', count, 30)
    .action((words: readonly string[], options: SendOptions) => {
      void context.userId
      if (words.length > 0 && words.join('').trim() === '') throw usage('nothing to send: the text is blank')
      return send(context, words.join(' '), options)
    })
  return examples(
    command,
    'chat4all send --as ana --to bruno "Hello, Bruno"',
    'chat4all send --as ana --conversation CONVERSATION --wait "Still there?"',
    'echo hi | chat4all send --as ana --to bruno',
    'tail -f app.log | chat4all send --as bot --to bruno --lines',
  )
}

async function send(context: Context, words: string, options: SendOptions): Promise<void> {
  const target = toTarget(options)
  const chat = context.client()
  const one = (text: string) => chat.send({ ...target, text }, { timeoutMs: options.timeout * 1000 })
  if (options.lines) return sendLines(context, one)
  const sent = await remarking(context, one(words || (await readText(context))))
  if (context.output.json) context.output.object(sent)
  else context.output.line(sent.messageId)
  await follow(context, chat, sent, options.wait)
}

function toTarget({ to, conversation, replyTo, mention, id }: SendOptions): Draft {
  if ((to === undefined) === (conversation === undefined)) throw usage('say to whom: --to USER or --conversation ID')
  return {
    ...(to !== undefined && { to }),
    ...(conversation !== undefined && { conversationId: conversation }),
    ...(replyTo !== undefined && { replyTo }),
    ...(mention !== undefined && { mentions: mention }),
    ...(id !== undefined && { messageId: id }),
  }
}

async function remarking<T>({ output }: Context, sending: Promise<T>): Promise<T> {
  const timer = setTimeout(() => output.note('not accepted yet, still trying …'), PATIENCE_MS)
  return sending.finally(() => clearTimeout(timer))
}

/** Shows the ticks. */
async function follow(context: Context, chat: ChatClient, { messageId }: Sent, wait?: boolean): Promise<void> {
  if (wait === false || (wait === undefined && !context.output.isTerminal)) return
  const interrupted = context.untilInterrupted()
  const signal = wait ? interrupted : AbortSignal.any([interrupted, AbortSignal.timeout(TERMINAL_WAIT_MS)])
  try {
    for await (const entry of chat.watchStatus(messageId, signal)) context.output.one(entry, ledgerLine(context.output, entry))
  } catch (error) {
    if (!signal.aborted) throw error
    // The message is sent, whatever comes of it: only who asked to wait is told that it was in vain.
    if (wait) throw new Failure('', EXIT.interrupted)
  }
}

async function readText({ stdin }: Context): Promise<string> {
  if (stdin.isTTY) throw usage('nothing to send: give a text, or pipe one in')
  let text = ''
  for await (const piece of stdin.setEncoding('utf8')) text += piece
  if (text.trim() === '') throw usage('nothing to send: standard input is empty')
  return text.replace(/\r?\n$/, '')
}

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]
