import { type PresenceKey, subjectToken } from '@chat4all/ports'

/** `<tenant>.<user>.<device>`, each as a token. */
export function encodeKey({ tenantId, userId, deviceId }: PresenceKey): string {
  return [tenantId, userId, deviceId].map(subjectToken).join('.')
}

export function decodeKey(key: string): PresenceKey {
  const [tenantId = '', userId = '', deviceId = ''] = key.split('.').map((token) => Buffer.from(token, 'base64url').toString())
  return { tenantId, userId, deviceId }
}

/** All devices of a user. */
export function userKeys(tenantId: string, userId: string): string {
  return `${subjectToken(tenantId)}.${subjectToken(userId)}.*`
}
