import type { DescMethod, JsonValue } from '@bufbuild/protobuf'
import { create } from '@bufbuild/protobuf'
import { AuthService } from '@chat4all/gen/chat4all/v1/auth_service_pb.js'
import { MessageService, type SendStreamRequest } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { METHODS, nameOf } from './support/api.ts'
import type { Front, Told } from './support/front.ts'
import { Fronts, shown } from './support/fronts.ts'
import { Memory, REFUSALS, SCRIPT, type Step } from './support/parity-script.ts'
import { World } from './support/world.ts'

/** HTTP/1.1 and REST carry one direction after the other: a stream both ways needs HTTP/2. */
const NEEDS_HTTP2: readonly DescMethod[] = [MessageService.method.sendStream]

let world: World
let fronts: Fronts
let operatorToken: string
/** One play over every front, all at once. */
let plays: ReadonlyMap<string, PromiseSettledResult<Transcript>>
let expected: Transcript
beforeAll(async () => {
  world = await World.start()
  fronts = new Fronts(world.server)
  const { client_id: clientId, client_secret: clientSecret } = world.server.credentials
  operatorToken = (await world.client().call(AuthService.method.createToken, { clientId, clientSecret })).accessToken
  const settled = await Promise.allSettled(fronts.all.map((front, i) => play(front, `parity-${i}`)))
  plays = new Map(fronts.all.map(({ name }, i) => [name, settled[i]!]))
  expected = transcriptOf(fronts.all[0]!.name)
})
afterAll(async () => {
  fronts?.[Symbol.dispose]()
  await world[Symbol.asyncDispose]()
})

/** What every step told, in words that are the same for every front: ids by their order, no times and no secrets. */
interface Transcript {
  readonly answered: readonly Line[]
  readonly refused: readonly Line[]
  readonly withoutToken: readonly Line[]
}
interface Line {
  readonly rpc: string
  readonly told: JsonValue
}

function transcriptOf(front: string): Transcript {
  const play = plays.get(front)!
  if (play.status === 'rejected') throw play.reason
  return play.value
}

async function play(front: Front, tenantId: string): Promise<Transcript> {
  const memory = new Memory(tenantId, operatorToken)
  const words = new Words(memory.tenantId)
  const run = async (step: Step) => {
    const told = await perform(front, step, memory)
    return { rpc: nameOf(step.method), told: words.of(step.method, told) }
  }
  const answered: Line[] = []
  for (const step of SCRIPT) answered.push(await run(step))
  const refused: Line[] = []
  for (const step of REFUSALS) if (can(front, step.method)) refused.push(await run(step))
  const withoutToken: Line[] = []
  for (const method of METHODS)
    if (can(front, method))
      withoutToken.push({ rpc: nameOf(method), told: words.of(method, await front.call(method, create(method.input))) })
  return { answered, refused, withoutToken }
}

function can({ fullDuplex }: Front, method: DescMethod): boolean {
  return fullDuplex || !NEEDS_HTTP2.includes(method)
}

async function perform(front: Front, step: Step, memory: Memory): Promise<Told> {
  const request = step.request(memory)
  const token = step.by === 'nobody' ? undefined : memory.get(step.by)
  if (!can(front, step.method)) return await performUnary(front, (request as SendStreamRequest).messages[0]!, token, step, memory)
  const told = await front.call(step.method, request, token, step.enough)
  if (SCRIPT.includes(step)) expect([nameOf(step.method), told.refusal]).toEqual([nameOf(step.method), undefined])
  if (told.answers[0] !== undefined) step.keep(told.answers[0], memory)
  return told
}

/** The same message without a stream, so that the steps after it find the same. */
async function performUnary(
  front: Front,
  message: SendStreamRequest['messages'][number],
  token: string | undefined,
  step: Step,
  memory: Memory,
): Promise<Told> {
  const { answers } = await front.call(MessageService.method.sendMessage, message, token)
  const answer = create(MessageService.method.sendStream.output, {
    results: [{ messageId: message.messageId, outcome: { case: 'accepted', value: answers[0] as never } }],
  })
  step.keep(answer, memory)
  return { answers: [answer] }
}

/** Puts into words what was told. */
class Words {
  readonly #tenantId: string
  readonly #ids = new Map<string, string>()

  constructor(tenantId: string) {
    this.#tenantId = tenantId
  }

  of(method: DescMethod, { answers, refusal }: Told): JsonValue {
    const told = { answers: answers.map((answer) => shown(method, answer)), refusal: refusal ?? null }
    const text = JSON.stringify(told)
      .replaceAll(this.#tenantId, 'parity')
      .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, (id) => this.#nameOf(id))
      .replaceAll(/\d{4}-\d\d-\d\dT[0-9:.]+Z/g, '<time>')
      .replaceAll(/"(accessToken|clientSecret|cursor|nextPageToken|checksum)":"[^"]+"/g, '"$1":"<opaque>"')
    return JSON.parse(text) as JsonValue
  }

  #nameOf(id: string): string {
    if (!this.#ids.has(id)) this.#ids.set(id, `<id ${this.#ids.size + 1}>`)
    return this.#ids.get(id)!
  }
}

const FRONTS = [
  'gRPC on the HTTP port',
  'Connect over HTTP/1.1',
  'Connect over HTTP/2',
  'Connect with JSON',
  'gRPC-Web over HTTP/1.1',
  'gRPC-Web over HTTP/2',
  'REST',
]

describe('the script', () => {
  it('calls every public RPC, and sees every one refused', () => {
    const all = METHODS.map(nameOf).sort()
    expect([...new Set(SCRIPT.map(({ method }) => nameOf(method)))].sort()).toEqual(all)
    expect([...new Set(REFUSALS.map(({ method }) => nameOf(method)))].sort()).toEqual(all)
  })

  it('is answered over gRPC, and refused where it must be', () => {
    expect(expected.answered.filter(({ told }) => (told as { refusal: unknown }).refusal !== null)).toEqual([])
    expect(
      expected.refused.filter(({ rpc, told }) => (told as { refusal: unknown }).refusal === null && rpc !== 'MessageService/SendStream'),
    ).toEqual([])
    expect(expected.withoutToken.filter(({ told }) => !JSON.stringify(told).includes('TOKEN_INVALID')).map(({ rpc }) => rpc)).toEqual([
      'AuthService/CreateToken',
    ])
  })

  it('is played over every front there is', () => {
    expect(fronts.all.map(({ name }) => name).slice(1)).toEqual(FRONTS)
  })
})

describe.each(FRONTS)('%s', (name) => {
  it('gives the same answers and the same errors as gRPC, RPC by RPC', () => {
    const front = fronts.all.find((candidate) => candidate.name === name)!
    const { answered, refused, withoutToken } = transcriptOf(name)
    const comparable = (lines: readonly Line[]) =>
      lines.filter(({ rpc }) => front.fullDuplex || !NEEDS_HTTP2.some((method) => nameOf(method) === rpc))
    expect(comparable(answered)).toEqual(comparable(expected.answered))
    expect(refused).toEqual(comparable(expected.refused))
    expect(withoutToken).toEqual(comparable(expected.withoutToken))
  })
})
