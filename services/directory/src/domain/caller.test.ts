import type { Principal } from '@chat4all/rpc'
import { describe, expect, it } from 'vitest'
import { actingUser, administeredTenant } from './caller.ts'

const client: Principal = { kind: 'client', tenantId: 't', clientId: 'c', operator: false, tokenId: 'j', expiresAt: 1 }
const operator: Principal = { ...client, operator: true }
const ana: Principal = { ...client, kind: 'user', userId: 'ana' }
const reason = (name: string) => expect.objectContaining({ reason: name })

describe('the user whom a call acts for', () => {
  it('is the calling user, named or not', () => {
    expect(actingUser(ana, '')).toBe('ana')
    expect(actingUser(ana, 'ana')).toBe('ana')
    expect(() => actingUser(ana, 'bob')).toThrow(reason('ACCESS_DENIED'))
  })

  it('is whom an API client names, or nobody', () => {
    expect(actingUser(client, 'bob')).toBe('bob')
    expect(actingUser(client, '')).toBeUndefined()
  })
})

describe('the tenant that is administered', () => {
  it('is the own one, and for operators any', () => {
    expect([administeredTenant(client, ''), administeredTenant(client, 't'), administeredTenant(operator, '')]).toEqual(['t', 't', 't'])
    expect(administeredTenant(operator, 'other')).toBe('other')
    expect(() => administeredTenant(client, 'other')).toThrow(reason('TENANT_NOT_FOUND'))
  })
})
