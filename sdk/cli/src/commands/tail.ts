import { ChatError, type LiveEvent } from '@chat4all/sdk'
import { Command } from 'commander'
import type { Context } from '../context.ts'
import { examples } from '../help.ts'
import { TailView } from '../tail-view.ts'

interface TailOptions {
  readonly conversation?: string
  /** Default: whether a person reads along. */
  readonly read?: boolean
}

export function tailCommand(context: Context): Command {
  const command = new Command('tail')
    .description("follow a user's conversations live, until Ctrl-C; goes on without gap or repeat when the server restarts")
    .option('--conversation <id>', 'only this one')
    .option('--read', 'mark what is shown as read (default on a terminal)')
    .option('--no-read', 'mark it as delivered only')
    .action((options: TailOptions) => tail(context, options))
  return examples(
    command,
    'chat4all tail --as bruno',
    'chat4all tail --as bruno --json | jq -r \'select(.kind == "messageCreated") | .value.payload.text\'',
  )
}

async function tail(context: Context, options: TailOptions): Promise<void> {
  await ensureUser(context)
  const chat = context.user()
  const view = new TailView(context.output, chat, context.userId)
  const isRead = options.read ?? context.output.isTerminal
  const isWanted = (event: LiveEvent) =>
    options.conversation === undefined || !('conversationId' in event) || event.conversationId === options.conversation
  for await (const event of chat.subscribe({ signal: context.untilInterrupted() })) {
    if (!isWanted(event)) continue
    await view.show(event)
    if (isRead && event.kind === 'messageCreated') chat.markRead(event.conversationId, event.value.sequence)
  }
}

/** A new user can be followed before the first message is there. */
async function ensureUser(context: Context): Promise<void> {
  const { userId } = context
  const { users } = context.client().api
  try {
    await users.getUser({ userId })
  } catch (error) {
    if (!(error instanceof ChatError && error.reason === 'USER_NOT_FOUND')) throw error
    await users.upsertUser({ user: { userId } })
    context.output.note(`created user ${userId}`)
  }
}
