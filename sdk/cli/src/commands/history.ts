import { type ChatClient, ConversationType, type HistoryPosition, type Message } from '@chat4all/sdk'
import { Command, Option } from 'commander'
import { count, instant, sequence } from '../arguments.ts'
import type { Context } from '../context.ts'
import { usage } from '../failure.ts'
import { examples } from '../help.ts'
import { messageLine, tickOf } from '../message-line.ts'
import { limited } from '../paging.ts'

interface HistoryOptions {
  readonly with?: string
  readonly since?: bigint
  readonly before?: bigint
  readonly around?: bigint
  readonly from?: Date
  readonly limit: number
}

export function historyCommand(context: Context): Command {
  const command = new Command('history')
    .description('read messages of a conversation, oldest first; default: the newest 50')
    .argument('[conversation]', 'its id')
    .option('--with <user>', 'the private conversation of --as with this user')
    .addOption(position('--since <number>', 'messages after this one').argParser(sequence))
    .addOption(position('--before <number>', 'messages before this one').argParser(sequence))
    .addOption(position('--around <number>', 'messages around this one').argParser(sequence))
    .addOption(position('--from <time>', 'messages from this time on').argParser(instant))
    .option('-n, --limit <count>', 'at most this many', count, 50)
    .action((conversationId: string | undefined, options: HistoryOptions) => showHistory(context, conversationId, options))
  return examples(
    command,
    'chat4all history --as ana --with bruno',
    'chat4all history CONVERSATION --since 100 -n 1000 --json',
    'chat4all history CONVERSATION --from 2026-01-31',
  )
}

const POSITIONS = ['since', 'before', 'around', 'from']
const position = (flags: string, description: string): Option =>
  new Option(flags, description).conflicts(POSITIONS.filter((name) => !flags.startsWith(`--${name} `)))

async function showHistory(context: Context, named: string | undefined, options: HistoryOptions): Promise<void> {
  if ((named === undefined) === (options.with === undefined)) throw usage('say which one: a conversation id or --with USER')
  const chat = context.options.as === undefined ? context.client() : context.user()
  const conversationId = named ?? (await privateConversation(context, chat, options.with!))
  const { output } = context
  const read = messages(chat, conversationId, options)
  if (output.json) {
    for await (const message of read) output.one(message)
    return
  }
  const { receipts } = await chat.api.receipts.listReceipts({ conversationId })
  for await (const message of read) output.line(messageLine(output, message, tickOf(message, receipts)))
}

/** Opens it if there is none: a user's call, so it makes no users up. */
async function privateConversation(context: Context, { api }: ChatClient, other: string): Promise<string> {
  const members = [context.userId, other]
  const { conversation } = await api.conversations.createConversation({ type: ConversationType.PRIVATE, members })
  return conversation!.conversationId
}

/** In ascending order. What the server gives newest first is turned around. */
async function* messages(chat: ChatClient, conversationId: string, options: HistoryOptions): AsyncGenerator<Message> {
  const place = toPosition(options)
  const pageSize = Math.max(1, Math.min(options.limit, 200))
  const page = limited(options.limit, chat.history(conversationId, { ...place, pageSize }))
  if (place.since !== undefined || place.around !== undefined || place.fromTime) return yield* page
  const newestFirst: Message[] = []
  for await (const message of page) newestFirst.push(message)
  yield* newestFirst.reverse()
}

function toPosition({ since, before, around, from }: HistoryOptions): HistoryPosition {
  if (since !== undefined) return { since }
  if (before !== undefined) return { before }
  if (around !== undefined) return { around }
  return from === undefined ? {} : { fromTime: from }
}
