import { type DescMethod, fromBinary, type Message, toBinary } from '@bufbuild/protobuf'
import { LiveService } from '@chat4all/gen/chat4all/v1/live_service_pb.js'
import { MessageService, type SendStreamResponse } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import type { Status } from '@chat4all/gen/google/rpc/status_pb.js'
import type { RawClient } from '@chat4all/testkit'
import { pathOf } from './api.ts'
import { describe } from './refusal.ts'

/** What a call of any kind brought. */
export interface Exchanged {
  readonly answers: readonly Message[]
  readonly refusal: Status | undefined
}

/** These go on for ever: their first answer is enough. */
const ENDLESS: readonly DescMethod[] = [LiveService.method.subscribe, MessageService.method.watchMessageStatus]

/** Calls any RPC with one request, or with any bytes instead of one. A message that SendStream refused counts as a refusal. */
export function exchange(client: RawClient, method: DescMethod, request: Message | Uint8Array): Promise<Exchanged> {
  const bytes = request instanceof Uint8Array ? request : toBinary(method.input, request)
  const answers: Message[] = []
  return new Promise((resolve, reject) => {
    const stream = client.open(pathOf(method), [bytes], {
      onMessage(answer) {
        answers.push(fromBinary(method.output, answer))
        if (!ENDLESS.includes(method)) return
        stream.cancel()
        resolve({ answers, refusal: undefined })
      },
      onEnd(failure) {
        if (failure === undefined) resolve({ answers, refusal: refusedOnStream(method, answers) })
        else if (failure.status === undefined) reject(failure)
        else resolve({ answers, refusal: failure.status })
      },
    })
    stream.end()
  })
}

/** What a call of any kind came to, as `refused` says it. */
export async function outcome(client: RawClient, method: DescMethod, request: Message | Uint8Array): Promise<string> {
  const { refusal } = await exchange(client, method, request)
  return refusal === undefined ? 'OK' : describe(refusal)
}

function refusedOnStream(method: DescMethod, answers: readonly Message[]): Status | undefined {
  if (method !== MessageService.method.sendStream) return undefined
  const results = (answers as SendStreamResponse[]).flatMap(({ results }) => results)
  return results.map(({ outcome }) => (outcome.case === 'error' ? outcome.value : undefined)).find(Boolean)
}
