import type { DatabaseSync } from 'node:sqlite'
import { conversationReads, conversationWrites } from './directory/conversations.ts'
import { revokedTokenOperations, signingKeyOperations } from './directory/keys.ts'
import { outboxOperations } from './directory/outbox.ts'
import { apiClientOperations, tenantOperations } from './directory/tenants.ts'
import { userOperations } from './directory/users.ts'
import type { Operations } from './sqlite/operations.ts'

export { migrations } from './directory/schema.ts'

/** One operation per method of the port, by its name. */
export function createOperations(db: DatabaseSync): Operations {
  return {
    ...tenantOperations(db),
    ...apiClientOperations(db),
    ...userOperations(db),
    ...conversationReads(db),
    ...conversationWrites(db),
    ...outboxOperations(db),
    ...signingKeyOperations(db),
    ...revokedTokenOperations(db),
  }
}
