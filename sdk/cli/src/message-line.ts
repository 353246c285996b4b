import { type Message, type Receipt, timestampDate } from '@chat4all/sdk'
import type { ConversationName } from './conversation-names.ts'
import type { Output } from './output.ts'
import { indented, oneLine, width } from './terminal-text.ts'

/** How far a message came, of all its recipients. */
export type Tick = 'sent' | 'delivered' | 'read'

export function paintTick(output: Output, tick: Tick): string {
  if (tick === 'sent') return output.paint('dim', '✓')
  return output.paint(tick === 'read' ? 'cyan' : 'dim', '✓✓')
}

/** How far a message came by everybody else's receipts. */
export function tickOf({ from, sequence }: Message, receipts: readonly Receipt[]): Tick {
  const others = receipts.filter(({ userId }) => userId !== from)
  if (others.length === 0) return 'sent'
  if (others.every(({ readThrough }) => readThrough >= sequence)) return 'read'
  return others.every(({ deliveredThrough }) => deliveredThrough >= sequence) ? 'delivered' : 'sent'
}

/** What a message says, or what it is. */
export function contentOf({ payload, deleteTime }: Pick<Message, 'payload' | 'deleteTime'>): string {
  const content = payload?.content
  switch (content?.case) {
    case 'text':
      return content.value
    case 'location':
      return `[location ${content.value.latitude}, ${content.value.longitude}${named(content.value.name)}]`
    case 'contact':
      return `[contact${named(content.value.name)}]`
    case 'file':
      return `[file${named(content.value.name)}]`
    case 'image':
    case 'audio':
    case 'video':
      return `[${content.case}${named(content.value.file?.name)}]`
    case 'system':
      return `[${content.value.code}]`
    default:
      return deleteTime ? '[deleted]' : '[unknown content]'
  }
}

const named = (name: string | undefined): string => (name ? ` ${name}` : '')

/** A message as one entry of a log: time, group, number, sender, text, ticks. */
export function messageLine(output: Output, message: Message, tick: Tick, conversation?: ConversationName): string {
  const time = message.createTime ? clock(timestampDate(message.createTime)) : '--:--:--'
  const head = `${time}  ${groupLabel(conversation)}#${message.sequence} `
  const sender = `${oneLine(message.from)}${addressee(message, conversation)}: `
  const text = indented(contentOf(message), width(head + sender))
  const edited = message.editTime ? output.paint('dim', ' (edited)') : ''
  return `${output.paint('dim', head)}${output.paint('bold', sender)}${text}${edited}  ${paintTick(output, tick)}`
}

/** What tells a group from other conversations in a log of many. */
export function groupLabel(conversation?: ConversationName): string {
  return conversation && !conversation.isPrivate ? `[${oneLine(conversation.name)}] ` : ''
}

/** Whom one's own private message goes to. */
function addressee({ from }: Message, conversation?: ConversationName): string {
  return conversation?.isPrivate && conversation.name !== from ? ` → ${oneLine(conversation.name)}` : ''
}

/** Local time; with the date when it is not today. */
export function clock(time: Date, now: Date = new Date()): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const ofDay = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':')
  if (time.toDateString() === now.toDateString()) return ofDay
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${ofDay}`
}
