import { type ChatClient, timestampDate, type User, UserState } from '@chat4all/sdk'
import { Command } from 'commander'
import { count } from '../arguments.ts'
import type { Context } from '../context.ts'
import { usage } from '../failure.ts'
import { examples } from '../help.ts'
import { clock } from '../message-line.ts'
import { limited, paged } from '../paging.ts'

const TITLES = ['USER', 'NAME', 'STATE', 'CREATED']
/** The server takes at most this many at once. */
const BATCH = 100

export function usersCommand(context: Context): Command {
  const command = new Command('users').description('manage the users of the tenant')
  command.addCommand(list(context)).addCommand(add(context)).addCommand(get(context)).addCommand(deactivate(context))
  return examples(command, 'chat4all users add ana bruno', 'chat4all users list')
}

function list(context: Context): Command {
  const command = new Command('list')
    .description('list the users of the tenant by id')
    .option('-n, --limit <count>', 'at most this many', count, 1000)
    .action(({ limit }: { limit: number }) => context.output.list(TITLES, limited(limit, allUsers(context.client())), row))
  return examples(command, 'chat4all users list', 'chat4all users list --json | jq -r .userId')
}

function add(context: Context): Command {
  const command = new Command('add')
    .description('create users, or set the name of one that exists')
    .argument('<user...>', 'ids: A-Z a-z 0-9 _ @ : + = ~ -')
    .option('--name <name>', 'what people see (one user only)')
    .action(async (ids: readonly string[], { name }: { name?: string }) => {
      if (name !== undefined && ids.length > 1) throw usage('--name is for one user')
      await context.output.list(TITLES, upsert(context.client(), ids, name), row)
    })
  return examples(command, 'chat4all users add ana bruno', 'chat4all users add ana --name "Ana Souza"')
}

function get(context: Context): Command {
  const command = new Command('get')
    .description('show one user')
    .argument('<user>')
    .action(async (userId: string) => {
      const { user } = await context.client().api.users.getUser({ userId })
      await context.output.list(TITLES, [user!], row)
    })
  return examples(command, 'chat4all users get ana')
}

function deactivate(context: Context): Command {
  const command = new Command('deactivate')
    .description('take a user out: tokens stop working, nothing is sent any more (`users add` brings the user back)')
    .argument('<user>')
    .action(async (userId: string) => {
      const { user } = await context.client().api.users.deactivateUser({ userId })
      await context.output.list(TITLES, [user!], row)
    })
  return examples(command, 'chat4all users deactivate ana')
}

const allUsers = ({ api }: ChatClient): AsyncIterable<User> =>
  paged(async (pageToken) => {
    const { users, nextPageToken } = await api.users.listUsers({ pageSize: 200, pageToken })
    return { items: users, nextPageToken }
  })

async function* upsert({ api }: ChatClient, ids: readonly string[], displayName?: string): AsyncGenerator<User> {
  for (let start = 0; start < ids.length; start += BATCH) {
    const users = ids.slice(start, start + BATCH).map((userId) => ({ userId, ...(displayName !== undefined && { displayName }) }))
    yield* (await api.users.batchUpsertUsers({ users })).users
  }
}

function row({ userId, displayName, state, createTime }: User): readonly string[] {
  return [userId, displayName || '-', UserState[state].toLowerCase(), createTime ? clock(timestampDate(createTime)) : '-']
}
