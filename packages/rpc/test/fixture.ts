import { create, type DescService, toBinary } from '@bufbuild/protobuf'
import { ChatError } from '@chat4all/base'
import { AdminService } from '@chat4all/gen/chat4all/v1/admin_service_pb.js'
import { AuthService } from '@chat4all/gen/chat4all/v1/auth_service_pb.js'
import { LiveService, SubscribeResponseSchema } from '@chat4all/gen/chat4all/v1/live_service_pb.js'
import { MessageService, SendStatus } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { type Authenticate, type CallContext, type Principal, type RpcService, rpcService, type ServiceHandlers } from '../src/index.ts'

export const MESSAGE = '0192d0a0-0000-7000-8000-000000000002'

const PRINCIPALS: Readonly<Record<string, Partial<Principal>>> = {
  user: { kind: 'user', userId: 'ada' },
  client: { kind: 'client' },
  operator: { kind: 'client', operator: true },
}

/** Bearer tokens are the names above. */
export const authenticate: Authenticate = async (header) => {
  const token = header('authorization')?.replace(/^Bearer /, '')
  if (token === undefined) return undefined
  const principal = PRINCIPALS[token]
  if (principal === undefined) throw new ChatError('TOKEN_INVALID', 'The token is not one of ours.')
  return { kind: 'user', tenantId: 't1', clientId: 'c1', operator: false, tokenId: 'j1', expiresAt: 0, ...principal }
}

export const as = (token: string) => ({ authorization: `Bearer ${token}` })

/** A valid request; `to` chooses what the handler does. */
export const textTo = (to: string) => ({ messageId: MESSAGE, to, payload: { content: { case: 'text' as const, value: 'hello' } } })

/** What the handlers see, for tests to wait on, and what they shall do. */
export class Seen {
  readonly contexts: CallContext[] = []
  /** Frames that the stream `flood` has written. */
  written = 0
  /** `flood` has stopped writing. */
  flooded = false
  ends = 0
  /** Holds messages and unary calls until it resolves. */
  hold: Promise<void> | undefined
}

export const FLOOD_FRAMES = 20_000
const FLOOD_FRAME = toBinary(SubscribeResponseSchema, create(SubscribeResponseSchema, { cursor: 'x'.repeat(10_000) }))

/** The real services with small handlers. */
export function services(seen: Seen): readonly RpcService[] {
  return [
    partial(MessageService, {
      async sendMessage({ messageId, to }, context) {
        seen.contexts.push(context)
        await seen.hold
        throwIfAsked(to)
        if (to === 'hang') await aborted(context.signal)
        return { status: SendStatus.ACCEPTED, messageId, conversationId: context.principal?.userId ?? '' }
      },
      getMessage: async ({ messageId }) => ({ message: { messageId, metadata: { filler: 'y'.repeat(20_000) } } }),
      sendStream(context, out) {
        seen.contexts.push(context)
        return {
          async message({ messages }) {
            await seen.hold
            for (const { to } of messages) throwIfAsked(to)
            await out.send({ results: messages.map(({ messageId }) => ({ messageId })) })
          },
          end() {
            seen.ends++
          },
        }
      },
    }),
    partial(LiveService, {
      async subscribe({ cursor }, context, out) {
        seen.contexts.push(context)
        throwIfAsked(cursor)
        await out.send({ ready: { userId: context.principal?.userId ?? '' } })
        if (cursor === 'idle') await aborted(context.signal)
        if (cursor === 'flood') await flood(seen, context.signal, (frame) => out.write(frame) || out.drained())
        const frame = toBinary(SubscribeResponseSchema, create(SubscribeResponseSchema, { heartbeat: true }))
        for (let i = 0; i < 3; i++) out.write(frame)
      },
    }),
    partial(AuthService, { createToken: async ({ clientId }) => ({ accessToken: clientId }), createUserToken: async () => ({}) }),
    partial(AdminService, { listTenants: async () => ({}) }),
  ]
}

async function flood(seen: Seen, signal: AbortSignal, write: (frame: Uint8Array) => true | Promise<void>): Promise<void> {
  for (; seen.written < FLOOD_FRAMES && !signal.aborted; seen.written++) {
    const wait = write(FLOOD_FRAME)
    if (wait !== true) await wait
  }
  seen.flooded = true
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
}

function throwIfAsked(what: string): void {
  if (what === 'bug') throw new TypeError('secret text')
  if (what === 'limited') throw new ChatError('RATE_LIMITED', 'Too much at once: wait.', { retryAfterMs: 1500, metadata: { limit: '10' } })
}

function partial<S extends DescService>(service: S, handlers: Partial<ServiceHandlers<S>>): RpcService {
  const missing = () => {
    throw new Error('not part of the test')
  }
  const rest = service.methods.map(({ localName }) => [localName, missing])
  return rpcService(service, { ...Object.fromEntries(rest), ...handlers } as ServiceHandlers<S>)
}
