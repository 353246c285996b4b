import { Access } from '@chat4all/gen/chat4all/v1/access_pb.js'
import { ErrorReasonSchema } from '@chat4all/gen/chat4all/v1/error_reason_pb.js'
import { expect, test } from 'vitest'
import { ErrorResponses } from './error-responses.ts'

const responses = () => new ErrorResponses(({ proto }) => `NOT_FOUND. Of ${(proto as { name: string }).name}.`, ErrorReasonSchema)
const reasonsOf = ({ description }: { description?: string }) => description?.match(/(?<=^- `)\w+/gm)

test('a call has the errors that its comment names, and those that every call has, by their HTTP status', () => {
  const errors = responses()
  const comment = 'Sends. It is FINE.\n\nErrors: MESSAGE_NOT_FOUND, NOT_A_MEMBER (why), NOTHING_KNOWN, RATE_LIMITED,\nSTORAGE_FULL.'
  const all = errors.of(comment, Access.MEMBER, true) as Record<string, { description?: string; $ref?: string }>
  expect(Object.keys(all)).toEqual(['400', '401', '403', '404', '413', '415', '429', '500', '503', '504'])
  expect(all['404']!.description).toBe('- `MESSAGE_NOT_FOUND`: Of ERROR_REASON_MESSAGE_NOT_FOUND.')
  expect(reasonsOf(all['403']!)).toEqual(['ACCESS_DENIED', 'NOT_A_MEMBER'])
  expect(reasonsOf(all['429']!)).toEqual(['RATE_LIMITED', 'STORAGE_FULL'])
  expect(all['503']).toEqual({ $ref: '#/components/responses/Error503' })
  const shared = errors.shared() as Record<string, { description?: string; headers: object }>
  expect(Object.keys(shared)).toEqual(['Error400', 'Error401', 'Error413', 'Error415', 'Error500', 'Error503', 'Error504'])
  expect(reasonsOf(shared['Error503']!)).toEqual(['ENGINE_UNAVAILABLE', 'SHUTTING_DOWN'])
  expect(Object.keys(shared['Error503']!.headers)).toEqual(['Retry-After'])
  expect(all['404']).toMatchObject({
    content: { 'application/json': { example: { code: 5, details: [{ reason: 'MESSAGE_NOT_FOUND', domain: 'chat4all' }] } } },
  })
})

test('a call without a token and a body cannot fail for them', () => {
  expect(Object.keys(responses().of('', Access.PUBLIC, false))).toEqual(['400', '429', '500', '503', '504'])
})
