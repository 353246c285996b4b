import type { Directory } from '@chat4all/ports'
import { usersToCreate } from './domain/admission.ts'

/** Of the users who shall join a conversation, those to create first. Throws USER_DEACTIVATED, and USER_NOT_FOUND where unknown users may not be created. */
export async function admitUsers(
  directory: Directory,
  tenantId: string,
  named: readonly string[],
  mayCreate: boolean,
): Promise<readonly string[]> {
  return usersToCreate(named, await directory.users(tenantId, named), mayCreate)
}
