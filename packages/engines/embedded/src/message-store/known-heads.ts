import type { DatabaseSync } from 'node:sqlite'
import type { ConversationHead, ConversationKey } from '@chat4all/ports'
import { conversationFinder } from './conversation.ts'
import { prepare } from './statement.ts'

/** What the writer needs to know of a conversation. */
export interface KnownHead {
  readonly no: bigint
  readonly tenant: bigint
  readonly revision: bigint
  readonly position: bigint
}

/** Conversations held at most: some 200 bytes each. */
const CAPACITY = 20_000

/** The stored heads, as the one writer of the file knows them: it looks up only those it has not written lately. */
export class KnownHeads {
  readonly #heads = new Map<string, KnownHead>()
  readonly #capacity: number
  readonly #find
  readonly #addTenant
  readonly #findTenant
  readonly #insert
  readonly #update

  constructor(db: DatabaseSync, capacity = CAPACITY) {
    this.#capacity = capacity
    this.#find = conversationFinder(db)
    this.#addTenant = prepare(db, 'INSERT INTO tenants (tenant_id) VALUES (?) ON CONFLICT DO NOTHING')
    this.#findTenant = prepare<{ no: bigint }>(db, 'SELECT no FROM tenants WHERE tenant_id = ?')
    this.#insert = prepare<{ no: bigint }>(
      db,
      `INSERT INTO conversations (tenant, conversation_id, partition, sequence, revision, position, active_at, member_count)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING no`,
    )
    this.#update = prepare(
      db,
      'UPDATE conversations SET sequence = ?, revision = ?, position = ?, active_at = ?, member_count = ? WHERE no = ?',
    )
  }

  /** What was written since the last commit may not be there. */
  forget(): void {
    this.#heads.clear()
  }

  find(key: ConversationKey): KnownHead | undefined {
    return this.#heads.get(mapKey(key)) ?? this.#find(key)
  }

  /** Writes the head of a conversation, new or known. */
  save(head: ConversationHead, stored: KnownHead | undefined): KnownHead {
    const written = stored ? this.#overwrite(head, stored) : this.#create(head)
    this.#remember(mapKey(head), written)
    return written
  }

  #overwrite({ sequence, revision, position, activeAt, memberCount }: ConversationHead, { no, tenant }: KnownHead): KnownHead {
    this.#update.run(sequence, revision, position, activeAt, memberCount, no)
    return { no, tenant, revision, position }
  }

  #create(head: ConversationHead): KnownHead {
    const { tenantId, conversationId, partition, sequence, revision, position, activeAt, memberCount } = head
    this.#addTenant.run(tenantId)
    const tenant = this.#findTenant.get(tenantId)!.no
    const { no } = this.#insert.get(tenant, conversationId, partition, sequence, revision, position, activeAt, memberCount)!
    return { no, tenant, revision, position }
  }

  #remember(key: string, head: KnownHead): void {
    this.#heads.delete(key)
    this.#heads.set(key, head)
    if (this.#heads.size > this.#capacity) this.#heads.delete(this.#heads.keys().next().value!)
  }
}

function mapKey({ tenantId, conversationId }: ConversationKey): string {
  return `${conversationId} ${tenantId}`
}
