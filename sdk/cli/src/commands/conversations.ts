import { type ChatClient, type Conversation, ConversationType, type Member, MemberRole, timestampDate } from '@chat4all/sdk'
import { Argument, Command } from 'commander'
import { count } from '../arguments.ts'
import type { Context } from '../context.ts'
import { ConversationNames } from '../conversation-names.ts'
import { examples } from '../help.ts'
import { clock, contentOf } from '../message-line.ts'
import { limited, paged } from '../paging.ts'

const ROLES = { member: MemberRole.MEMBER, admin: MemberRole.ADMIN, owner: MemberRole.OWNER } as const
const MEMBER_TITLES = ['USER', 'ROLE', 'SINCE']

export function conversationsCommand(context: Context): Command {
  const command = new Command('conversations').alias('conv').description('list, create and change conversations and their members')
  for (const create of [list, create_, get, rename, members, add, remove, role, leave]) command.addCommand(create(context))
  return examples(
    command,
    'chat4all conversations create --title "Launch" ana bruno carla',
    'chat4all conversations list --as ana',
    'chat4all conversations --as ana add CONVERSATION dora',
  )
}

function list(context: Context): Command {
  const command = new Command('list')
    .description("list a user's conversations, the one with the newest activity first")
    .option('-n, --limit <count>', 'at most this many', count, 50)
    .action(async ({ limit }: { limit: number }) => {
      const user = context.user()
      const names = new ConversationNames(user, context.userId)
      const titles = ['CONVERSATION', 'WITH', 'MEMBERS', 'UNREAD', 'LAST', 'MESSAGE']
      const conversations = limited(limit, user.conversations())
      await context.output.list(titles, conversations, (conversation) => overviewRow(conversation, names))
    })
  return examples(command, 'chat4all conversations list --as ana', 'chat4all conversations list --as ana --json | jq .view.unreadCount')
}

async function overviewRow(conversation: Conversation, names: ConversationNames): Promise<readonly string[]> {
  const { conversationId, memberCount, view, lastMessage, createTime } = conversation
  const time = lastMessage?.createTime ?? createTime
  const last = lastMessage ? `${lastMessage.from}: ${contentOf(lastMessage)}` : ''
  const { name } = await names.ofConversation(conversation)
  return [conversationId, name, `${memberCount}`, `${view?.unreadCount ?? 0}`, time ? clock(timestampDate(time)) : '-', last]
}

interface CreateOptions {
  readonly title?: string
  readonly private?: true
}

function create_(context: Context): Command {
  const command = new Command('create')
    .description('create a group, or open the private conversation of two; users that do not exist are created')
    .argument('<user...>', 'the members; the first one owns the group, unless --as says who')
    .option('--title <title>', 'title of the group')
    .option('--private', 'the private conversation of two users')
    .action(async (users: readonly string[], options: CreateOptions) => {
      const { as: from } = context.options
      const answer = await context.client().api.conversations.createConversation({
        type: options.private ? ConversationType.PRIVATE : ConversationType.GROUP,
        members: [...new Set([...(from === undefined ? [] : [from]), ...users])],
        ...(options.title !== undefined && { title: options.title }),
        ...(from !== undefined && { from }),
      })
      const { conversation, created } = answer
      context.output.one(conversation!, conversation!.conversationId)
      if (!created) context.output.note('it existed already')
    })
  return examples(
    command,
    'chat4all conversations create --title "Launch" ana bruno carla',
    'chat4all conversations create --private ana bruno',
  )
}

function get(context: Context): Command {
  const command = new Command('get')
    .description('show one conversation')
    .argument('<conversation>', 'its id')
    .action(async (conversationId: string) => {
      const userId = context.options.as ?? ''
      const { conversation } = await context.client().api.conversations.getConversation({ conversationId, userId })
      context.output.one(conversation!, ...details(conversation!))
    })
  return examples(command, 'chat4all conversations get CONVERSATION', 'chat4all conversations get CONVERSATION --as ana')
}

function details({ conversationId, type, title, metadata, memberCount, createTime, lastSequence, revision, view }: Conversation): string[] {
  const fields: readonly (readonly [string, string])[] = [
    ['conversation', conversationId],
    ['type', ConversationType[type].toLowerCase()],
    ['title', title || '-'],
    ['members', `${memberCount}`],
    ['created', createTime ? clock(timestampDate(createTime)) : '-'],
    ['messages', `${lastSequence}`],
    ['revision', `${revision}`],
    ...Object.entries(metadata).map(([key, value]) => [`metadata`, `${key}=${value}`] as const),
    ...(view ? viewDetails(view) : []),
  ]
  return fields.map(([name, value]) => `${name.padEnd(14)}${value}`)
}

function viewDetails({ userId, role, unreadCount, readThrough }: NonNullable<Conversation['view']>): (readonly [string, string])[] {
  return [
    ['user', `${userId} (${MemberRole[role].toLowerCase()})`],
    ['unread', `${unreadCount}, read through #${readThrough}`],
  ]
}

function rename(context: Context): Command {
  const command = new Command('rename')
    .description('change the title of a group')
    .argument('<conversation>', 'its id')
    .argument('<title>')
    .action(async (conversationId: string, title: string) => {
      const request = { conversationId, title, updateMask: { paths: ['title'] }, from: context.options.as ?? '' }
      const { conversation } = await context.client().api.conversations.updateConversation(request)
      context.output.one(conversation!, `renamed to ${conversation!.title}`)
    })
  return examples(command, 'chat4all conversations rename CONVERSATION "Launch day"')
}

function members(context: Context): Command {
  const command = new Command('members')
    .description('list the members of a conversation')
    .argument('<conversation>', 'its id')
    .action((conversationId: string) => context.output.list(MEMBER_TITLES, allMembers(context.client(), conversationId), memberRow))
  return examples(command, 'chat4all conversations members CONVERSATION')
}

const allMembers = ({ api }: ChatClient, conversationId: string): AsyncIterable<Member> =>
  paged(async (pageToken) => {
    const { members: items, nextPageToken } = await api.conversations.listMembers({ conversationId, pageSize: 200, pageToken })
    return { items, nextPageToken }
  })

function memberRow({ userId, role: memberRole, joinTime }: Member): readonly string[] {
  return [userId, MemberRole[memberRole].toLowerCase(), joinTime ? clock(timestampDate(joinTime)) : '-']
}

function add(context: Context): Command {
  const command = new Command('add')
    .description('add members to a group')
    .argument('<conversation>', 'its id')
    .argument('<user...>')
    .action(async (conversationId: string, users: string[]) => {
      const request = { conversationId, members: users, from: context.options.as ?? '' }
      const { conversation, added } = await context.client().api.conversations.addMembers(request)
      context.output.one(conversation!, added.length > 0 ? `added ${added.join(', ')}` : 'all were members already')
    })
  return examples(command, 'chat4all conversations add CONVERSATION dora', 'chat4all conversations add CONVERSATION dora --as ana')
}

function remove(context: Context): Command {
  const command = new Command('remove')
    .description('remove members from a group')
    .argument('<conversation>', 'its id')
    .argument('<user...>')
    .action(async (conversationId: string, users: string[]) => {
      const request = { conversationId, members: users, from: context.options.as ?? '' }
      const { conversation, removed } = await context.client().api.conversations.removeMembers(request)
      context.output.one(conversation!, removed.length > 0 ? `removed ${removed.join(', ')}` : 'none of them was a member')
    })
  return examples(command, 'chat4all conversations remove CONVERSATION dora')
}

function role(context: Context): Command {
  const command = new Command('role')
    .description('give a member another role')
    .argument('<conversation>', 'its id')
    .argument('<user>')
    .addArgument(new Argument('<role>').choices(Object.keys(ROLES)))
    .action(async (conversationId: string, userId: string, name: keyof typeof ROLES) => {
      const request = { conversationId, userId, role: ROLES[name], from: context.options.as ?? '' }
      const { member } = await context.client().api.conversations.setMemberRole(request)
      context.output.one(member!, `${userId} is ${MemberRole[member!.role].toLowerCase()}`)
    })
  return examples(command, 'chat4all conversations role CONVERSATION bruno admin')
}

function leave(context: Context): Command {
  const command = new Command('leave')
    .description('leave a group')
    .argument('<conversation>', 'its id')
    .action(async (conversationId: string) => {
      const answer = await context.user().api.conversations.leaveConversation({ conversationId })
      context.output.one(answer, 'left')
    })
  return examples(command, 'chat4all conversations leave CONVERSATION --as bruno')
}
