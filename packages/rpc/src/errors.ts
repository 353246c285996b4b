import { create, createRegistry, type DescMessage, fromBinary, type Message } from '@bufbuild/protobuf'
import { anyPack, anyUnpack } from '@bufbuild/protobuf/wkt'
import { ChatError, type ChatErrorDetails, REASON_CODES, type Reason, type StatusCode } from '@chat4all/base'
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from '@chat4all/gen/google/rpc/error_details_pb.js'
import { type Status, StatusSchema } from '@chat4all/gen/google/rpc/status_pb.js'
import { Code, ConnectError } from '@connectrpc/connect'

const DOMAIN = 'chat4all'

const CODES: Readonly<Record<StatusCode, Code>> = {
  cancelled: Code.Canceled,
  invalid_argument: Code.InvalidArgument,
  deadline_exceeded: Code.DeadlineExceeded,
  not_found: Code.NotFound,
  already_exists: Code.AlreadyExists,
  permission_denied: Code.PermissionDenied,
  resource_exhausted: Code.ResourceExhausted,
  failed_precondition: Code.FailedPrecondition,
  aborted: Code.Aborted,
  unavailable: Code.Unavailable,
  internal: Code.Internal,
  unauthenticated: Code.Unauthenticated,
}

/** The reason of an error status that carries none of ours: made by a library, a proxy or the network. */
const REASON_BY_CODE: ReadonlyMap<number, Reason> = new Map([
  [Code.Canceled, 'CANCELLED'],
  [Code.DeadlineExceeded, 'DEADLINE_EXCEEDED'],
  [Code.Unavailable, 'ENGINE_UNAVAILABLE'],
  [Code.Unimplemented, 'METHOD_NOT_FOUND'],
  [Code.Unauthenticated, 'TOKEN_INVALID'],
])

/** Errors of the ports, by name, so that this package does not depend on them. */
const PORT_ERRORS: ReadonlyMap<string, readonly [Reason, string]> = new Map([
  ['EngineUnavailable', ['ENGINE_UNAVAILABLE', 'The service is not available right now. Repeat the call after a pause.']],
  ['StorageFull', ['STORAGE_FULL', 'The storage is full. Repeat the call when space has returned.']],
  ['Conflict', ['CONFLICT', 'Another change won the race. Repeat the call.']],
])

/** What details can be, for those who write statuses as JSON. */
export const detailTypes = createRegistry(ErrorInfoSchema, BadRequestSchema, RetryInfoSchema)

interface Detail {
  readonly desc: DescMessage
  readonly value: Message
}

/** The number of the status code: the same in gRPC and in Connect. */
function codeOf(error: ChatError): Code {
  return CODES[error.code]
}

/** An error as google.rpc.Status, with its details. */
export function statusOf(error: ChatError): Status {
  const details = detailsOf(error).map(({ desc, value }) => anyPack(desc, value))
  return create(StatusSchema, { code: codeOf(error), message: error.message, details })
}

/** An error as Connect clients and handlers know it. */
export function connectErrorOf(error: ChatError): ConnectError {
  return new ConnectError(error.message, codeOf(error), undefined, detailsOf(error) as never, error)
}

/** What callers may see of any thrown value. What nobody foresaw becomes INTERNAL, with the original as the cause. */
export function asChatError(error: unknown): ChatError {
  if (error instanceof ChatError) return error
  if (!(error instanceof Error)) return internal(error)
  if (error.cause instanceof ChatError && error.name === 'AbortError') return error.cause
  const known = PORT_ERRORS.get(error.name)
  if (known !== undefined) return new ChatError(known[0], known[1], { cause: error })
  return fromWire(error) ?? internal(error)
}

/** Why a call failed: what clients branch on. */
export function reasonOf(error: unknown): Reason {
  return asChatError(error).reason
}

function internal(cause: unknown): ChatError {
  return new ChatError('INTERNAL', 'The server failed. Report the request id.', { cause })
}

function detailsOf(error: ChatError): readonly Detail[] {
  const { reason, metadata, fields, retryAfterMs } = error
  const details: Detail[] = [{ desc: ErrorInfoSchema, value: create(ErrorInfoSchema, { reason, domain: DOMAIN, metadata }) }]
  if (fields.length > 0) {
    details.push({ desc: BadRequestSchema, value: create(BadRequestSchema, { fieldViolations: [...fields] }) })
  }
  if (retryAfterMs !== undefined) {
    const retryDelay = { seconds: BigInt(Math.floor(retryAfterMs / 1000)), nanos: (retryAfterMs % 1000) * 1_000_000 }
    details.push({ desc: RetryInfoSchema, value: create(RetryInfoSchema, { retryDelay }) })
  }
  return details
}

/** Reads back what `connectErrorOf` or a gRPC status carries. Undefined for errors that come from no call. */
function fromWire(error: Error): ChatError | undefined {
  if (error instanceof ConnectError)
    return read(error.code, error.rawMessage, <D extends DescMessage>(desc: D) => error.findDetails(desc)[0])
  const status = grpcStatusOf(error)
  if (status === undefined) return undefined
  return read(status.code, status.message, (desc) => status.details.map((any) => anyUnpack(any, desc)).find((found) => found !== undefined))
}

type FindDetail = <D extends DescMessage>(desc: D) => import('@bufbuild/protobuf').MessageShape<D> | undefined

function read(code: number, message: string, find: FindDetail): ChatError | undefined {
  const info = find(ErrorInfoSchema)
  const reason = info?.domain === DOMAIN && info.reason in REASON_CODES ? (info.reason as Reason) : REASON_BY_CODE.get(code)
  if (reason === undefined) return undefined
  const fields = find(BadRequestSchema)?.fieldViolations ?? []
  const delay = find(RetryInfoSchema)?.retryDelay
  const details: ChatErrorDetails = {
    metadata: info?.metadata ?? {},
    fields: fields.map(({ field, description }) => ({ field, description })),
    ...(delay === undefined ? {} : { retryAfterMs: Number(delay.seconds) * 1000 + delay.nanos / 1_000_000 }),
  }
  return new ChatError(reason, message, details)
}

/** The status of an error of a gRPC client, by shape. */
function grpcStatusOf(error: Error): Status | undefined {
  const { code, details, metadata } = error as Partial<{ code: unknown; details: unknown; metadata: { get?(key: string): unknown[] } }>
  if (typeof code !== 'number' || typeof details !== 'string') return undefined
  const packed = metadata?.get?.('grpc-status-details-bin')[0]
  return packed instanceof Uint8Array ? fromBinary(StatusSchema, packed) : create(StatusSchema, { code, message: details })
}
