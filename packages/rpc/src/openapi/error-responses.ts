import type { DescEnum, JsonObject } from '@bufbuild/protobuf'
import { ChatError, type ChatErrorDetails, REASON_CODES, type Reason } from '@chat4all/base'
import { Access } from '@chat4all/gen/chat4all/v1/access_pb.js'
import { errorJson, httpStatusOf } from '../rest/errors.ts'
import type { Comments } from './comments.ts'
import { STATUS } from './error-schemas.ts'

/** What can go wrong with every call. */
const ALWAYS: readonly Reason[] = [
  'FIELD_INVALID',
  'REQUEST_MALFORMED',
  'RATE_LIMITED',
  'ENGINE_UNAVAILABLE',
  'SHUTTING_DOWN',
  'DEADLINE_EXCEEDED',
  'INTERNAL',
]
const WITH_TOKEN: readonly Reason[] = ['TOKEN_INVALID', 'ACCESS_DENIED']
const WITH_BODY: readonly Reason[] = ['REQUEST_TOO_LARGE']
/** Has no reason of its own. */
const NOT_JSON = 'The content type of the body is not `application/json`, or its encoding not `gzip`.'

const RETRY_AFTER: JsonObject = { 'Retry-After': { $ref: '#/components/headers/RetryAfter' } }
const REQUEST_ID: JsonObject = { 'X-Request-Id': { $ref: '#/components/headers/RequestId' } }
const HEADERS: Readonly<Record<string, JsonObject>> = {
  401: { 'WWW-Authenticate': { description: 'Always `Bearer`.', schema: { type: 'string' } } },
  429: RETRY_AFTER,
  500: REQUEST_ID,
  503: RETRY_AFTER,
}

/** What examples show beside the reason. */
const DETAILS: Partial<Record<Reason, ChatErrorDetails>> = {
  FIELD_INVALID: { fields: [{ field: 'name_of.the_field', description: 'the rule that it breaks' }] },
  RATE_LIMITED: { retryAfterMs: 1000 },
  INTERNAL: { metadata: { request_id: '7d1f0c9e' } },
}

/** The errors of calls. Those that many calls have alike are kept to be referred to. */
export class ErrorResponses {
  readonly #meanings: ReadonlyMap<string, string>
  readonly #shared = new Map<string, JsonObject>()

  /** @param reasons The enum of all reasons, whose comments say what each means. */
  constructor(comments: Comments, reasons: DescEnum) {
    const prefix = reasons.sharedPrefix ?? ''
    this.#meanings = new Map(reasons.values.map((value) => [value.name.slice(prefix.length).toUpperCase(), meaningOf(comments(value))]))
  }

  /** Of one call, by HTTP status. */
  of(comment: string, access: Access, takesBody: boolean): JsonObject {
    const common = [...ALWAYS, ...(access === Access.PUBLIC ? [] : WITH_TOKEN), ...(takesBody ? WITH_BODY : [])]
    const own = reasonsIn(comment).filter((reason) => !common.includes(reason))
    const byStatus = Map.groupBy([...common, ...own], (reason) => `${httpStatusOf(new ChatError(reason, ''))}`)
    const responses = [...byStatus].map(([status, reasons]) => {
      const isShared = !reasons.some((reason) => own.includes(reason))
      return [status, isShared ? this.#share(status, reasons) : this.#response(status, reasons)] as const
    })
    return { ...Object.fromEntries(responses), ...(takesBody ? { 415: this.#share('415', ['REQUEST_MALFORMED'], NOT_JSON) } : {}) }
  }

  /** By name. */
  shared(): JsonObject {
    return Object.fromEntries([...this.#shared].sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  /** Which reasons a status has in common depends on the status alone. */
  #share(status: string, reasons: readonly Reason[], meaning?: string): JsonObject {
    const name = `Error${status}`
    this.#shared.set(name, this.#response(status, reasons, meaning))
    return { $ref: `#/components/responses/${name}` }
  }

  #response(status: string, reasons: readonly Reason[], meaning?: string): JsonObject {
    const said = reasons.map((reason) => ({ reason, words: meaning ?? this.#meanings.get(reason) ?? '' }))
    const { reason, words } = said[0]!
    return {
      description: said.map((each) => `- \`${each.reason}\`: ${each.words}`).join('\n'),
      ...(status in HEADERS ? { headers: HEADERS[status]! } : {}),
      content: { 'application/json': { schema: STATUS, example: errorJson(new ChatError(reason, words, DETAILS[reason])) } },
    }
  }
}

/** Without the status code, which the comment of a reason begins with. */
function meaningOf(comment: string): string {
  return comment.replace(/^[A-Z_]+\. /, '').replaceAll('\n', ' ')
}

/** Those that the comment of an RPC names after "Errors:". */
function reasonsIn(comment: string): readonly Reason[] {
  const [, named = ''] = comment.split(/^Errors:/m)
  return [...new Set(named.match(/\b[A-Z][A-Z_]+\b/g))].filter((word): word is Reason => word in REASON_CODES)
}
