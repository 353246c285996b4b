import type { ApiClientRow } from '@chat4all/ports'
import { expect, it } from 'vitest'
import { hashSecret, secretOpens } from './secrets.ts'

const client: ApiClientRow = { clientId: 'c', tenantId: 't', name: '', role: 1, secretHash: hashSecret('now'), createdAt: 1 }
const rotated: ApiClientRow = { ...client, previousSecretHash: hashSecret('before'), previousSecretExpiresAt: 100 }

it.each([
  ['the present secret', client, 'now', 50, true],
  ['a wrong secret', client, 'nope', 50, false],
  ['an unknown client', undefined, 'now', 50, false],
  ['the former secret in its grace period', rotated, 'before', 99, true],
  ['the present secret in the grace period', rotated, 'now', 99, true],
  ['the former secret afterwards', rotated, 'before', 100, false],
  ['a revoked client', { ...client, revokedAt: 10 }, 'now', 50, false],
] as const)('decides about %s', (_, row, secret, now, opens) => {
  expect(secretOpens(row, secret, now)).toBe(opens)
})
