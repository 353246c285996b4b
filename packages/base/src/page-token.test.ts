import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { decodePageToken, encodePageToken } from './page-token.ts'

const QUERY = ['ListThings', 'tenant', 'ana']
const mismatch = expect.objectContaining({ reason: 'TOKEN_MISMATCH' })

describe('page tokens', () => {
  it('give back the position to the query they were made for', () => {
    const token = encodePageToken(QUERY, { after: 'é*>.', n: '9007199254740993' })
    expect(decodePageToken(token, QUERY, z.object({ after: z.string(), n: z.string() }))).toEqual({ after: 'é*>.', n: '9007199254740993' })
  })

  it('are made of characters that need no escaping in a URL', () => {
    expect(encodePageToken(QUERY, '>>>???~~~ÿ')).toMatch(/^[A-Za-z0-9_-]+$/)
  })

  it('are absent on a first page', () => {
    expect(decodePageToken('', QUERY, z.string())).toBeUndefined()
  })

  it.each([
    ['another RPC', ['ListOthers', 'tenant', 'ana']],
    ['another tenant', ['ListThings', 'other', 'ana']],
    ['the same words cut elsewhere', ['ListThings', 'tenanta', 'na']],
  ])('are refused by %s', (_, other) => {
    expect(() => decodePageToken(encodePageToken(QUERY, 'x'), other, z.string())).toThrow(mismatch)
  })

  it.each(['garbage', '%%%', '\0', Buffer.from('{}').toString('base64url'), Buffer.from('[1,2]').toString('base64url')])(
    'refuse %j',
    (token) => {
      expect(() => decodePageToken(token, QUERY, z.string())).toThrow(mismatch)
    },
  )

  it('refuse a position of another shape', () => {
    expect(() => decodePageToken(encodePageToken(QUERY, 7), QUERY, z.string())).toThrow(mismatch)
  })
})
