import { toBinary } from '@bufbuild/protobuf'
import type { ChatError } from '@chat4all/base'
import { StatusSchema } from '@chat4all/gen/google/rpc/status_pb.js'
import { statusOf } from './errors.ts'

const UNIT_MS = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 0.001, n: 0.000001 } as const
/** The longest delay a timer can hold. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** The `grpc-timeout` header in milliseconds, or undefined if there is none. A malformed one is ignored, as if there were none. */
export function timeoutMsOf(header: string | undefined): number | undefined {
  const match = /^(\d{1,8})([HMSmun])$/.exec(header ?? '')
  if (match === null) return undefined
  return Math.min(Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS], MAX_TIMER_MS)
}

/** How a call went, for its trailers. */
export function statusTrailers(error: ChatError | undefined): Record<string, string> {
  if (error === undefined) return { 'grpc-status': '0' }
  const status = statusOf(error)
  return {
    'grpc-status': `${status.code}`,
    'grpc-message': percentEncoded(status.message),
    'grpc-status-details-bin': Buffer.from(toBinary(StatusSchema, status)).toString('base64').replace(/=+$/, ''),
  }
}

/** Printable ASCII but `%` goes as it is, anything else as percent-encoded UTF-8. */
function percentEncoded(text: string): string {
  return text.replace(/[^ -$&-~]+/g, (odd) =>
    [...Buffer.from(odd)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  )
}
