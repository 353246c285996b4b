import { newId } from '@chat4all/base'
import { AdminService } from '@chat4all/gen/chat4all/v1/admin_service_pb.js'
import given from '@chat4all/gen/openapi.json' with { type: 'json' }
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Tenant, World } from '../support/world.ts'
import { answerOf, type Document, type Documented, exampleRequest, operationsOf, type Substitutes } from './documented.ts'
import { type Expect, validatorOf } from './validators.ts'

const operations = operationsOf(given as unknown as Document)
const OF_OPERATORS = ['createTenant', 'listTenants', 'rotateSigningKey']
/** They go on until the caller leaves. */
const ENDLESS = ['watchMessageStatus', 'subscribe']

/** What would get in the way of the other calls. */
const OWN: Readonly<Record<string, () => Substitutes>> = {
  sendMessage: () => ({ message_id: newId() }),
  deactivateUser: () => ({ user_id: 'dora' }),
}

let world: World
let acme: Tenant
let base: string
let document: Document
let expectValid: Expect
let tokens: { readonly client: string; readonly operator: string }
beforeAll(async () => {
  world = await World.start()
  acme = await world.tenant()
  base = `http://127.0.0.1:${world.server.httpPort}`
  document = (await (await fetch(`${base}/openapi.json`)).json()) as Document
  expectValid = validatorOf(document)
  tokens = { client: await tokenOf(acme.credentials), operator: await tokenOf(world.server.credentials) }
})
afterAll(() => world[Symbol.asyncDispose]())

async function tokenOf({ client_id, client_secret }: Tenant['credentials']): Promise<string> {
  const body = JSON.stringify({ client_id, client_secret })
  const response = await fetch(`${base}/auth/token`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  return ((await response.json()) as { access_token: string }).access_token
}

/** What the examples speak of, made anew for each call: some calls take it away. */
async function fresh(): Promise<Substitutes> {
  const [ana, bruno] = await acme.people('ana', 'bruno', 'carla', 'dora')
  const conversation_id = await acme.group(ana!, bruno!)
  const { messageId } = await ana!.say(conversation_id, 'hello')
  const { apiClient, clientSecret } = await acme.call(AdminService.method.createApiClient, { name: 'another' })
  return {
    conversation_id,
    message_id: messageId,
    token: ana!.token,
    client_id: apiClient!.clientId,
    client_secret: clientSecret,
    tenant_id: `tenant-${newId()}`,
  }
}

interface Called {
  readonly status: number
  readonly contentType: string
  readonly text: string
}

async function call(each: Documented, substitutes: Substitutes, token: string | undefined, more = ''): Promise<Called> {
  const { url, init } = exampleRequest(document, each, substitutes)
  const authorization: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const leave = new AbortController()
  const response = await fetch(`${base}${url}${more && (url.includes('?') ? `&${more}` : `?${more}`)}`, {
    ...init,
    headers: { 'content-type': 'application/json', ...authorization },
    signal: leave.signal,
  })
  const text = response.ok && ENDLESS.includes(each.operation.operationId) ? await firstLine(response) : await response.text()
  leave.abort()
  return { status: response.status, contentType: response.headers.get('content-type') ?? '', text }
}

async function firstLine(response: Response): Promise<string> {
  let text = ''
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk
    if (text.includes('\n')) break
  }
  return text.slice(0, text.indexOf('\n'))
}

/** Fails unless the document says that the operation answers so. */
function expectDocumented({ operation }: Documented, { status, contentType, text }: Called): void {
  const [type] = contentType.split(';') as [string]
  const answer = answerOf(document, operation, status)?.content[type]
  expect(answer, `${operation.operationId} answered ${status} ${contentType}: ${text.slice(0, 500)}`).toBeDefined()
  for (const value of valuesIn(type, text)) expectValid(`${operation.operationId} ${status}`, answer!.schema, value)
}

function valuesIn(type: string, text: string): readonly unknown[] {
  if (type === 'application/x-ndjson')
    return text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  return [type === 'application/json' ? JSON.parse(text) : text]
}

describe('every operation of the document', () => {
  it.each(operations.map((each) => [each.operation.operationId, each] as const))(
    '%s answers its example as it is documented',
    async (id, each) => {
      const substitutes = await fresh()
      const own = { ...substitutes, ...OWN[id]?.() }
      const called = await call(each, own, OF_OPERATORS.includes(id) ? tokens.operator : tokens.client)
      expect([called.status, called.text.slice(0, 500)]).toEqual([200, expect.anything()])
      expectDocumented(each, called)
    },
  )

  const guarded = operations.filter(({ operation }) => operation.security === undefined)
  it.each(guarded.map((each) => [each.operation.operationId, each] as const))(
    '%s refuses callers without a token, and unknown fields, as it is documented',
    async (id, each) => {
      const substitutes = await fresh()
      const stranger = await call(each, substitutes, undefined)
      expect(stranger.status).toBe(401)
      expectDocumented(each, stranger)
      const strange = await call(each, substitutes, OF_OPERATORS.includes(id) ? tokens.operator : tokens.client, 'no_such_field=1')
      expect(strange.status).toBe(400)
      expectDocumented(each, strange)
    },
  )
})
