import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newId, type Reason, silentLogger } from '@chat4all/base'
import { SqliteDirectory } from '@chat4all/engine-embedded'
import { DirectoryService } from '@chat4all/gen/chat4all/internal/v1/directory_service_pb.js'
import { AdminService } from '@chat4all/gen/chat4all/v1/admin_service_pb.js'
import { AuthService } from '@chat4all/gen/chat4all/v1/auth_service_pb.js'
import { ConversationService } from '@chat4all/gen/chat4all/v1/conversation_service_pb.js'
import { UserService } from '@chat4all/gen/chat4all/v1/user_service_pb.js'
import type { ConversationLog } from '@chat4all/ports'
import { asChatError, encodePrincipal, inMemoryTransport, PRINCIPAL_HEADER, type Principal } from '@chat4all/rpc'
import { createClient, type Transport } from '@connectrpc/connect'
import { expect } from 'vitest'
import { createDirectoryService } from '../src/index.ts'
import { FakeGateway } from './fake-gateway.ts'
import { FakeBus, FakeClock, FakeLog } from './fakes.ts'

export type Fixture = Awaited<ReturnType<typeof startFixture>>

/** A started directory service on SQLite, with a log, a bus, a clock and a gateway that tests can reach. */
export async function startFixture() {
  const folder = await mkdtemp(join(tmpdir(), 'directory-'))
  const directory = await SqliteDirectory.open(join(folder, 'directory.db'))
  const [log, bus, clock] = [new FakeLog(), new FakeBus(), new FakeClock()]
  const gateway = await new FakeGateway(bus, 'gateway').start()
  const deps = {
    directory,
    log: log as unknown as ConversationLog,
    bus,
    clock,
    logger: silentLogger,
    config: { signingKeyDays: 30 },
  }
  const service = createDirectoryService(deps)
  await service.start()
  const transport = inMemoryTransport(service.services)

  /** A new tenant, so that tests do not meet. */
  const newTenant = async (): Promise<string> => {
    const tenantId = `t${newId()}`
    await directory.createTenant({ tenantId, name: '', createdAt: clock.now() })
    return tenantId
  }

  return {
    directory,
    log,
    bus,
    clock,
    gateway,
    service,
    deps,
    newTenant,
    internal: createClient(DirectoryService, transport),
    anonymous: clients(transport),
    as: (principal: Principal) => clients(transport, principal),
    client: (tenantId: string, clientId = 'server') => clients(transport, clientPrincipal(tenantId, clientId)),
    operator: (tenantId: string) => clients(transport, { ...clientPrincipal(tenantId, 'operator'), operator: true }),
    user: (tenantId: string, userId: string) => clients(transport, userPrincipal(tenantId, userId)),
    [Symbol.asyncDispose]: async () => {
      await service[Symbol.asyncDispose]()
      await directory[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function clientPrincipal(tenantId: string, clientId: string): Principal {
  return { kind: 'client', tenantId, clientId, operator: false, tokenId: newId(), expiresAt: Number.MAX_SAFE_INTEGER }
}

export function userPrincipal(tenantId: string, userId: string): Principal {
  return { ...clientPrincipal(tenantId, 'server'), kind: 'user', userId }
}

function clients(transport: Transport, principal?: Principal) {
  const by = principal === undefined ? transport : withPrincipal(transport, principal)
  return {
    auth: createClient(AuthService, by),
    users: createClient(UserService, by),
    conversations: createClient(ConversationService, by),
    admin: createClient(AdminService, by),
  }
}

function withPrincipal(transport: Transport, principal: Principal): Transport {
  const headers = { [PRINCIPAL_HEADER]: encodePrincipal(principal) }
  return {
    unary: (method, signal, timeoutMs, _, input) => transport.unary(method, signal, timeoutMs, headers, input),
    stream: (method, signal, timeoutMs, _, input) => transport.stream(method, signal, timeoutMs, headers, input),
  }
}

/** Expects a call to fail with a reason, and with this metadata. */
export async function refuses(call: Promise<unknown>, reason: Reason, metadata: Readonly<Record<string, string>> = {}): Promise<void> {
  const error = await call.then(
    () => expect.fail(`the call succeeded instead of failing with ${reason}`),
    (thrown: unknown) => asChatError(thrown),
  )
  expect({ reason: error.reason, metadata: error.metadata }).toMatchObject({ reason, metadata })
}
