import { anyUnpack } from '@bufbuild/protobuf/wkt'
import { REASON_CODES, type Reason } from '@chat4all/base'
import { BadRequestSchema, ErrorInfoSchema } from '@chat4all/gen/google/rpc/error_details_pb.js'
import type { Status } from '@chat4all/gen/google/rpc/status_pb.js'
import { RpcFailure } from '@chat4all/testkit'
import { status } from '@grpc/grpc-js'
import { expect } from 'vitest'

/** Why a call was refused: its code, its reason and the fields to blame, as in "INVALID_ARGUMENT FIELD_INVALID payload.text". "OK" when it was not. */
export async function refused(call: Promise<unknown>): Promise<string> {
  const details = await failureOf(call)
  return details === undefined ? 'OK' : describe(details)
}

/** The status of a refused call, undefined when it was not. Checks what holds for every refusal. */
export async function failureOf(call: Promise<unknown>): Promise<Status | undefined> {
  try {
    await call
    return undefined
  } catch (error) {
    if (!(error instanceof RpcFailure)) throw error
    expect(error.status, `${error.message} carries no details`).toBeDefined()
    expect(error.code).toBe(error.status!.code)
    checkStatus(error.status!)
    return error.status
  }
}

/** In words, as `refused` does. */
export function describe(refusal: Status): string {
  checkStatus(refusal)
  const fields = refusal.details.flatMap((any) => anyUnpack(any, BadRequestSchema)?.fieldViolations ?? []).map(({ field }) => field)
  return [status[refusal.code], infoOf(refusal).reason, ...new Set(fields)].filter((word) => word !== '').join(' ')
}

/** The metadata of a refusal's reason. */
export function metadataOf(refusal: Status | undefined): Readonly<Record<string, string>> {
  return refusal === undefined ? {} : infoOf(refusal).metadata
}

/** error_reason.proto: exactly one ErrorInfo of ours, whose reason goes with the code. Nothing but a defect is INTERNAL. */
function checkStatus(refusal: Status): void {
  const { reason, domain } = infoOf(refusal)
  expect(domain).toBe('chat4all')
  expect(status[refusal.code]?.toLowerCase()).toBe(REASON_CODES[reason as Reason])
  expect(reason).not.toBe('INTERNAL')
  expect(refusal.message).not.toBe('')
}

function infoOf({ details, message }: Status) {
  const infos = details.flatMap((any) => anyUnpack(any, ErrorInfoSchema) ?? [])
  expect(infos, `the ErrorInfo of "${message}"`).toHaveLength(1)
  return infos[0]!
}
