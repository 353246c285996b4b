import type { ConversationHead, ConversationWrites, NewMessage } from '@chat4all/ports'
import { ownBytes } from '../sqlite/worker-database.ts'

/** What is rare in a batch, and crosses the thread boundary as it is. */
type Others = Pick<ConversationWrites, 'updates' | 'edits' | 'changes' | 'members'>

/** The writes of `apply` on their way to the worker. Heads and messages travel as columns and their data as one buffer that is moved: cloning them one by one costs the sending thread several times as much. */
export interface PackedBatch {
  readonly partition: number
  /** 64-bit numbers; after them the data of all messages, one after the other. Per conversation: sequence, revision, position, active at, member count, number of messages. Then per message: sequence, revision, position, accepted at, length of the data. */
  readonly packed: ArrayBuffer
  /** How many numbers there are. */
  readonly count: number
  /** Per conversation: tenant and conversation id. Then per message: id and sender. */
  readonly texts: readonly string[]
  /** By the index of the conversation. Absent when there are none. */
  readonly others?: ReadonlyMap<number, Others>
}

const HEAD_NUMBERS = 6
const MESSAGE_NUMBERS = 5

export function packBatch(partition: number, writes: readonly ConversationWrites[]): PackedBatch {
  const { messages, bytes } = measure(writes)
  const count = writes.length * HEAD_NUMBERS + messages * MESSAGE_NUMBERS
  const packed = new ArrayBuffer(count * BigInt64Array.BYTES_PER_ELEMENT + bytes)
  const { numbers, data } = parts(packed, count)
  const texts: string[] = []
  const others = new Map<number, Others>()
  let at = 0
  let end = 0
  for (const [index, conversation] of writes.entries()) {
    const { head } = conversation
    numbers[at++] = head.sequence
    numbers[at++] = head.revision
    numbers[at++] = head.position
    numbers[at++] = head.activeAt
    numbers[at++] = BigInt(head.memberCount)
    numbers[at++] = BigInt(conversation.messages.length)
    texts.push(head.tenantId, head.conversationId)
    for (const message of conversation.messages) {
      numbers[at++] = message.sequence
      numbers[at++] = message.revision
      numbers[at++] = message.position
      numbers[at++] = message.acceptedAt
      numbers[at++] = BigInt(message.data.length)
      texts.push(message.messageId, message.from)
      data.set(message.data, end)
      end += message.data.length
    }
    if (hasOthers(conversation)) others.set(index, packOthers(conversation))
  }
  return { partition, packed, count, texts, ...(others.size > 0 ? { others } : {}) }
}

export function unpackBatch({ partition, packed, count, texts, others }: PackedBatch): ConversationWrites[] {
  const { numbers, data } = parts(packed, count)
  const writes: ConversationWrites[] = []
  let at = 0
  let text = 0
  let end = 0
  const number = () => numbers[at++]!
  const bytes = (length: number) => {
    end += length
    return data.subarray(end - length, end)
  }
  const head = (): ConversationHead => ({
    tenantId: texts[text++]!,
    conversationId: texts[text++]!,
    partition,
    sequence: number(),
    revision: number(),
    position: number(),
    activeAt: number(),
    memberCount: Number(number()),
  })
  const message = (): NewMessage => ({
    messageId: texts[text++]!,
    from: texts[text++]!,
    sequence: number(),
    revision: number(),
    position: number(),
    acceptedAt: number(),
    data: bytes(Number(number())),
  })
  while (at < numbers.length) {
    const conversation = head()
    const messages = Array.from({ length: Number(number()) }, message)
    writes.push({ head: conversation, messages, ...(others?.get(writes.length) ?? NO_OTHERS) })
  }
  return writes
}

function parts(packed: ArrayBuffer, count: number) {
  const numbers = new BigInt64Array(packed, 0, count)
  return { numbers, data: new Uint8Array(packed, numbers.byteLength) }
}

const NO_OTHERS: Others = { updates: [], edits: [], changes: [], members: [] }

function measure(writes: readonly ConversationWrites[]): { readonly messages: number; readonly bytes: number } {
  let messages = 0
  let bytes = 0
  for (const conversation of writes) {
    messages += conversation.messages.length
    for (const { data } of conversation.messages) bytes += data.length
  }
  return { messages, bytes }
}

function hasOthers({ updates, edits, changes, members }: ConversationWrites): boolean {
  return updates.length + edits.length + changes.length + members.length > 0
}

/** Bytes get a buffer of their own: cloning a view clones all of the buffer below it. */
function packOthers({ updates, edits, changes, members }: ConversationWrites): Others {
  return {
    updates: updates.map((update) => ({ ...update, data: ownBytes(update.data) })),
    edits: edits.map((edit) => ({ ...edit, data: ownBytes(edit.data) })),
    changes: changes.map((change) => (change.event ? { ...change, event: ownBytes(change.event) } : change)),
    members,
  }
}
