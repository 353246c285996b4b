import type { DescService } from '@bufbuild/protobuf'
import { ChatError, type Logger } from '@chat4all/base'
import { DirectoryService } from '@chat4all/gen/chat4all/internal/v1/directory_service_pb.js'
import { AuthService } from '@chat4all/gen/chat4all/v1/auth_service_pb.js'
import { Health } from '@chat4all/gen/grpc/health/v1/health_pb.js'
import { createClient } from '@connectrpc/connect'
import { expect, test, vi } from 'vitest'
import { Call, cancelled } from './call.ts'
import { reasonOf } from './errors.ts'
import type { Principal, RpcService } from './handler.ts'
import { inMemoryTransport } from './in-memory.ts'
import { bindMethods, failed, succeeded } from './invoke.ts'
import { authenticateByHeader, encodePrincipal, PRINCIPAL_HEADER } from './principal-header.ts'

const USER: Principal = { kind: 'user', tenantId: 't1', userId: 'zoë', clientId: 'c1', operator: false, tokenId: 'j1', expiresAt: 1 }

/** Every RPC of the service answers with an empty message. */
const empty = (service: DescService): RpcService => ({
  service,
  handlers: Object.fromEntries(service.methods.map(({ localName }) => [localName, async () => ({})])),
})

async function admits(service: RpcService, by: Partial<Parameters<typeof bindMethods>[0]>, name: string): Promise<string> {
  const method = bindMethods({ services: [service], ...by }).get(`/${service.service.typeName}/${name}`)!
  try {
    await method.admit(() => undefined)
    return 'OK'
  } catch (error) {
    return reasonOf(error)
  }
}

test('refuses RPCs that carry no rule, unless they are served openly', async () => {
  const authenticate = () => ({ ...USER, kind: 'client', operator: true }) as const
  expect(await admits(empty(Health), { authenticate }, 'Check')).toBe('ACCESS_DENIED')
  expect(await admits({ ...empty(Health), open: true }, { authenticate }, 'Check')).toBe('OK')
})

test('opens RPCs between services only to what authenticates services', async () => {
  const directory = empty(DirectoryService)
  expect(await admits(directory, { authenticate: () => USER }, 'ResolveUser')).toBe('ACCESS_DENIED')
  expect(await admits(directory, { authenticateInternal: () => undefined }, 'ResolveUser')).toBe('OK')
  const refuse = () => {
    throw new ChatError('TOKEN_INVALID', 'not a service')
  }
  expect(await admits(directory, { authenticateInternal: refuse }, 'ResolveUser')).toBe('TOKEN_INVALID')
})

test('a server without a way to authenticate serves public RPCs only', async () => {
  expect(await admits(empty(AuthService), {}, 'CreateToken')).toBe('OK')
  expect(await admits(empty(AuthService), {}, 'RevokeToken')).toBe('ACCESS_DENIED')
})

test('refuses to start with a service twice or without a handler', () => {
  expect(() => bindMethods({ services: [empty(Health), empty(Health)] })).toThrow('registered twice')
  expect(() => bindMethods({ services: [{ service: Health, handlers: {} }] })).toThrow('no handler')
})

test('services in one process reach each other, and pass the principal on', async () => {
  const seen: unknown[] = []
  const auth = empty(AuthService)
  const record = async (_request: unknown, { principal }: { principal: unknown }) => {
    seen.push(principal)
    return {}
  }
  const transport = inMemoryTransport([{ ...auth, handlers: { ...auth.handlers, revokeToken: record } }, empty(DirectoryService)])
  await createClient(DirectoryService, transport).resolveUser({})
  await createClient(AuthService, transport).revokeToken({}, { headers: { [PRINCIPAL_HEADER]: encodePrincipal(USER) } })
  expect(seen).toEqual([USER])
  const forged = createClient(AuthService, transport).revokeToken({}, { headers: { [PRINCIPAL_HEADER]: '%' } })
  expect(reasonOf(await forged.catch((error: unknown) => error))).toBe('TOKEN_INVALID')
  expect(authenticateByHeader(() => undefined)).toBeUndefined()
})

function recorder() {
  const lines: [string, Record<string, unknown>][] = []
  const at = (level: string) => (facts: Record<string, unknown>) => void lines.push([level, facts])
  const log = { isLevelEnabled: () => true, debug: at('debug'), warn: at('warn'), error: at('error') }
  const method = bindMethods({ services: [empty(AuthService)], log: log as unknown as Logger }).get('/chat4all.v1.AuthService/CreateToken')!
  return { method, call: new Call(method.desc, 'r1'), lines }
}

test('logs one line per call, with ids', () => {
  const { method, call, lines } = recorder()
  call.principal = USER
  succeeded(method, call)
  expect(lines).toEqual([
    ['debug', expect.objectContaining({ rpc: method.path, result: 'OK', request_id: 'r1', tenant_id: 't1', user_id: 'zoë' })],
  ])
})

test('logs a defect once with its cause, and tells the caller the request id only', () => {
  const { method, call, lines } = recorder()
  const defect = new TypeError('x is undefined')
  expect(failed(method, call, defect)).toMatchObject({ reason: 'INTERNAL', metadata: { request_id: 'r1' } })
  expect(lines).toEqual([['error', expect.objectContaining({ err: defect, request_id: 'r1' })]])
})

test('logs the cause of an expected error as a warning', () => {
  const { method, call, lines } = recorder()
  const cause = new Error('connection refused')
  failed(method, call, new ChatError('ENGINE_UNAVAILABLE', 'away', { cause }))
  expect(lines).toEqual([['warn', expect.objectContaining({ err: cause, result: 'ENGINE_UNAVAILABLE' })]])
})

test('what a handler throws once its call is cut short stands for the cut', () => {
  const { method, call, lines } = recorder()
  call.abort(cancelled())
  expect(failed(method, call, new Error('socket closed'))).toMatchObject({ reason: 'CANCELLED' })
  expect(lines.map(([level]) => level)).toEqual(['debug'])
})

test('a signal that is looked at late is aborted already, with the first reason', () => {
  const { call } = recorder()
  const onAbort = vi.fn()
  call.abort(cancelled())
  call.abort(new ChatError('SHUTTING_DOWN', 'bye'))
  expect(call.signal.aborted).toBe(true)
  expect(call.signal.reason).toMatchObject({ reason: 'CANCELLED' })
  call.signal.addEventListener('abort', onAbort)
  expect(onAbort).not.toHaveBeenCalled()
})
