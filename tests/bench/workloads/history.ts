import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MessageService } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { RawClient, TestServer } from '@chat4all/testkit'
import { type BenchOptions, type Result, startBench, type Workload } from '../bench.ts'
import { processSeconds } from '../procfs.ts'
import { prepareTarget, type SeedTarget, seedStore } from '../seed.ts'

const PAGE = 50
const CONVERSATIONS = 100_000
const CALLS = 2_000
const STARTS = 3

/** Pages of a short history, then of a very long one among very many conversations; then how long a start takes with all that stored. */
export const history: Workload = async (options) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'chat4all-history-'))
  try {
    const target = await prepareTarget(dataDir, Math.ceil(options.messages / 1000) + 2, options)
    await seedStore(dataDir, target, { messages: 200, conversations: 0 })
    const [small] = await pageCosts(dataDir, target, [100 - PAGE], options)
    options.log(`history: storing ${options.messages} messages and ${CONVERSATIONS} conversations`)
    await seedStore(dataDir, target, { messages: options.messages, conversations: CONVERSATIONS })
    const [early, late] = await pageCosts(dataDir, target, [100 - PAGE, options.messages - PAGE], options)
    return figures(options, [small!, early!, late!], await startTimes(dataDir, options))
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}

interface PageCost {
  readonly cpuMicros: number
  readonly p50: number
  readonly p99: number
}

/** What a page costs after each of several sequences. The places take turns, so that whatever else the machine does meets all alike. */
async function pageCosts(dataDir: string, target: SeedTarget, places: readonly number[], options: BenchOptions): Promise<PageCost[]> {
  await using bench = await startBench(options, [], dataDir)
  const api = await RawClient.signIn(bench.server.address, bench.server.credentials)
  const reader = await api.asUser(target.reader)
  const totals = places.map(() => ({ cpuSeconds: 0, calls: 0, times: [] as number[] }))
  for (let round = 0; round < 5; round++) {
    for (const [i, since] of places.entries()) {
      const cpu = processSeconds(bench.server.pid)
      const times = await readPages(reader, target.conversationId, BigInt(since), CALLS / 4)
      // The first round warms up.
      if (round === 0) continue
      totals[i]!.cpuSeconds += processSeconds(bench.server.pid) - cpu
      totals[i]!.calls += times.length
      totals[i]!.times.push(...times)
    }
  }
  reader.close()
  api.close()
  return totals.map(({ cpuSeconds, calls, times }) => {
    times.sort((a, b) => a - b)
    return { cpuMicros: (cpuSeconds / calls) * 1e6, p50: times[times.length >> 1]!, p99: times[Math.floor(times.length * 0.99)]! }
  })
}

async function readPages(reader: RawClient, conversationId: string, since: bigint, calls: number): Promise<number[]> {
  const times: number[] = []
  for (let i = 0; i < calls; i++) {
    const started = performance.now()
    const request = { conversationId, position: { case: 'since', value: since }, pageSize: PAGE } as const
    const { messages } = await reader.call(MessageService.method.listMessages, request)
    times.push(performance.now() - started)
    if (messages.length !== PAGE || messages[0]!.sequence !== since + 1n) throw new Error(`wrong page after ${since}`)
  }
  return times
}

/** Milliseconds from the start of the process until it says that it is ready. */
async function startTimes(dataDir: string, options: BenchOptions): Promise<number[]> {
  const times: number[] = []
  const server = await TestServer.start({ dataDir, cpus: options.serverCpus })
  await server.terminate()
  for (let i = 0; i < STARTS; i++) {
    times.push(await server.restart())
    await server.terminate()
  }
  await server[Symbol.asyncDispose]()
  return times.sort((a, b) => a - b)
}

function figures(options: BenchOptions, [small, early, late]: readonly PageCost[], starts: readonly number[]): Result {
  const workload = `history, page of ${PAGE}`
  const same = { is: '<=', value: 1.25 } as const
  const stored = `${options.messages} messages, ${CONVERSATIONS} conversations`
  return {
    figures: [
      { workload, name: 'at message 100 of 200: server CPU', value: small!.cpuMicros, unit: 'µs' },
      { workload, name: `at message 100, ${stored}: server CPU`, value: early!.cpuMicros, unit: 'µs' },
      { workload, name: `at the last message, ${stored}: server CPU`, value: late!.cpuMicros, unit: 'µs' },
      { workload, name: 'at message 100: full against empty store', value: early!.cpuMicros / small!.cpuMicros, unit: '×', bar: same },
      { workload, name: 'at the last message: full against empty store', value: late!.cpuMicros / small!.cpuMicros, unit: '×', bar: same },
      { workload, name: 'at the last message: p50', value: late!.p50, unit: 'ms' },
      {
        workload: 'start',
        name: `start to ready, ${stored}`,
        value: starts[starts.length >> 1]! / 1000,
        unit: 's',
        bar: { is: '<=', value: 3 },
      },
    ],
    details: { small, early, late, starts },
  }
}
