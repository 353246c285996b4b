import { create, toBinary } from '@bufbuild/protobuf'
import { ChatError } from '@chat4all/base'
import { AdminService } from '@chat4all/gen/chat4all/v1/admin_service_pb.js'
import { AuthService } from '@chat4all/gen/chat4all/v1/auth_service_pb.js'
import { LiveService, SubscribeResponseSchema } from '@chat4all/gen/chat4all/v1/live_service_pb.js'
import { MessageService, SendStatus } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import type { Authenticate, CallContext, Principal, RpcService, ServiceHandlers } from '../src/index.ts'

export const CONVERSATION = '0192d0a0-0000-7000-8000-000000000001'
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

export const authorization = (token: string) => ({ authorization: `Bearer ${token}` })

/** What the handlers saw, for tests to wait on. */
export class Seen {
  readonly contexts: CallContext[] = []
  written = 0
  /** Frames that `Subscribe` writes at most. */
  frames = 3
  frameBytes = 10
  /** Holds unary calls until it resolves. */
  gate: Promise<void> | undefined
  ends = 0
}

/** The real services with small handlers: `to` and `cursor` choose what happens. */
export function services(seen: Seen): readonly RpcService[] {
  return [
    partial(MessageService, {
      async sendMessage({ messageId, to }, context) {
        seen.contexts.push(context)
        await seen.gate
        throwIfAsked(to)
        if (to === 'hang')
          await new Promise((_resolve, reject) => context.signal.addEventListener('abort', () => reject(context.signal.reason)))
        return { status: SendStatus.ACCEPTED, messageId, conversationId: context.principal?.userId ?? '' }
      },
      sendStream(context, out) {
        seen.contexts.push(context)
        return {
          async message({ messages }) {
            await seen.gate
            for (const { to } of messages) throwIfAsked(to)
            await out.send({ results: messages.map(({ messageId }) => ({ messageId })) })
          },
          async end() {
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
        if (cursor === 'idle') await new Promise<void>((resolve) => context.signal.addEventListener('abort', () => resolve()))
        const frame = toBinary(SubscribeResponseSchema, create(SubscribeResponseSchema, { cursor: 'x'.repeat(seen.frameBytes) }))
        for (let i = 0; i < seen.frames && !context.signal.aborted; i++) {
          seen.written++
          if (!out.write(frame)) await out.drained()
        }
      },
    }),
    partial(AuthService, { createToken: async ({ clientId }) => ({ accessToken: clientId }), createUserToken: async () => ({}) }),
    partial(AdminService, { listTenants: async () => ({}) } as never),
  ]
}

function throwIfAsked(what: string): void {
  if (what === 'bug') throw new TypeError('secret text')
  if (what === 'limited') throw new ChatError('RATE_LIMITED', 'Too much at once: wait.', { retryAfterMs: 1500, metadata: { limit: '10' } })
}

function partial<S extends RpcService['service']>(service: S, handlers: Partial<ServiceHandlers<S>>): RpcService {
  const missing = () => {
    throw new Error('not part of the test')
  }
  const rest = service.methods.map(({ localName }) => [localName, missing])
  return { service, handlers: { ...Object.fromEntries(rest), ...handlers } }
}
