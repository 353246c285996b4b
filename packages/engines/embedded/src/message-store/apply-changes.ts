import type { DatabaseSync } from 'node:sqlite'
import type { ChangeRow, ConversationWrites, MemberWrite, MessageEditRow, MessageUpdate } from '@chat4all/ports'
import type { KnownHead } from './known-heads.ts'
import { prepare } from './statement.ts'

/** Writes what a batch brought to a conversation besides new messages, as far as it is above a revision. */
export function changeWriter(db: DatabaseSync) {
  const insertEdit = prepare(db, 'INSERT INTO edits (conversation, sequence, revision, replaced_at, data) VALUES (?, ?, ?, ?, ?)')
  const eraseEdits = prepare(db, 'DELETE FROM edits WHERE conversation = ? AND sequence = ? AND revision <= ?')
  const updateMessage = prepare(db, 'UPDATE messages SET revision = ?, data = ? WHERE conversation = ? AND sequence = ?')
  const insertChange = prepare(
    db,
    'INSERT INTO changes (conversation, revision, sequence_at, position, at, sequence, event) VALUES (?, ?, ?, ?, ?, ?, ?)',
  )
  const upsertMember = prepare(
    db,
    `INSERT INTO members (conversation, user_id, tenant, role, joined_sequence, left_revision, left_sequence) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET role = excluded.role, joined_sequence = excluded.joined_sequence,
       left_revision = excluded.left_revision, left_sequence = excluded.left_sequence`,
  )

  const writeEdit = (no: bigint, { sequence, revision, replacedAt, data }: MessageEditRow) =>
    insertEdit.run(no, sequence, revision, replacedAt, data)
  const writeUpdate = (no: bigint, { sequence, revision, data, eraseEdits: erase }: MessageUpdate) => {
    updateMessage.run(revision, data, no, sequence)
    if (erase) eraseEdits.run(no, sequence, revision)
  }
  const writeChange = (no: bigint, sequenceAt: bigint, { revision, position, at, sequence, event }: ChangeRow) =>
    insertChange.run(no, revision, sequenceAt, position, at, sequence ?? null, event ?? null)
  const writeMember = (
    { no, tenant }: KnownHead,
    { userId, role, joinedSequence, leftRevision }: MemberWrite,
    leftSequence: bigint | null,
  ) => upsertMember.run(no, userId, tenant, role, joinedSequence, leftRevision ?? null, leftSequence)

  return (head: KnownHead, writes: ConversationWrites, after: bigint): void => {
    const isNew = ({ revision }: { readonly revision: bigint }) => revision > after
    for (const edit of writes.edits.filter(isNew)) writeEdit(head.no, edit)
    for (const update of writes.updates.filter(isNew)) writeUpdate(head.no, update)
    for (const change of writes.changes.filter(isNew)) writeChange(head.no, messagesAt(change.revision, writes), change)
    for (const member of writes.members)
      writeMember(head, member, member.leftRevision === undefined ? null : messagesAt(member.leftRevision, writes))
  }
}

/** The number of messages of the conversation at a revision of the batch. */
function messagesAt(revision: bigint, { head, messages }: ConversationWrites): bigint {
  return head.sequence - BigInt(messages.filter((message) => message.revision > revision).length)
}
