import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ThreadTime } from './procfs.ts'

/** The parts of what Node writes for --cpu-prof that matter here: a tree of call sites, and which one was running at each sample. */
interface CpuProfile {
  readonly nodes: readonly ProfileNode[]
  /** Microseconds of the system's monotonic clock, as `process.hrtime` counts. */
  readonly startTime: number
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}
interface ProfileNode {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string }
  readonly children?: readonly number[]
}

/** Where the time of a message goes on the main thread. The first line that matches a call site decides. */
const STAGES: readonly (readonly [string, RegExp])[] = [
  ['push', /services\/gateway\/src\/live\/|engines\/embedded\/src\/live-bus/],
  ['append', /engines\/embedded\/src\/conversation-log/],
  ['store', /engines\/embedded\/src\/message-store/],
  ['encode', /services\/sequencer\/src\/(encode|publish)/],
  ['order', /services\/sequencer\//],
  ['directory', /services\/directory\/|engines\/embedded\/src\/directory/],
  ['receive and answer', /services\/gateway\/|protovalidate/],
  ['hand over to workers', /engines\/embedded\/src\/sqlite/],
]

/** Both ways: counts for the stage that calls it, and where nobody does, bytes have come in. */
const TRANSPORT = /packages\/rpc\/|@grpc\/grpc-js/

/** Threads are named after the database files they work on. */
const WORKERS: Readonly<Record<string, string>> = {
  'log.db': 'append (worker)',
  'messages.db': 'store (worker)',
  'directory.db': 'directory (worker)',
  'events.db': 'events (worker)',
}

/** A stretch of the monotonic clock, in microseconds. */
export interface Window {
  readonly from: number
  readonly to: number
}

/** CPU seconds by stage: of the main thread as its profile divides it, of every other thread as the system counts it. */
export function secondsByStage(directory: string, threads: readonly ThreadTime[], window: Window): Map<string, number> {
  const seconds = new Map<string, number>()
  const add = (stage: string, s: number) => seconds.set(stage, (seconds.get(stage) ?? 0) + s)
  for (const { name, seconds: s } of threads) {
    if (name !== 'MainThread' && name !== 'v8:ProfEvntProc') add(WORKERS[name] ?? 'V8 and system helpers', s)
  }
  const main = threads.find((t) => t.name === 'MainThread')!.seconds
  for (const [stage, share] of sharesOf(mainProfile(directory), window)) add(stage, share * main)
  return new Map([...seconds].sort((a, b) => b[1] - a[1]))
}

/** Profiles are named CPU.<date>.<time>.<pid>.<thread>.<number>.cpuprofile; the main thread is 0. */
function mainProfile(directory: string): CpuProfile {
  const name = readdirSync(directory).find((n) => n.endsWith('.cpuprofile') && n.split('.')[4] === '0')
  if (name === undefined) throw new Error(`no profile of the main thread in ${directory}`)
  return JSON.parse(readFileSync(join(directory, name), 'utf8'))
}

/** A call site that belongs to no stage (Node, native code) counts for its nearest caller that does; what has none is named by what it is. */
function sharesOf(profile: CpuProfile, { from, to }: Window): Map<string, number> {
  const stageOf = stagesOf(profile)
  const shares = new Map<string, number>()
  let total = 0
  let at = profile.startTime
  for (const [i, id] of profile.samples.entries()) {
    const time = profile.timeDeltas[i]!
    at += time
    const stage = stageOf.get(id)!
    if (stage === 'idle' || at < from || at > to) continue
    shares.set(stage, (shares.get(stage) ?? 0) + time)
    total += time
  }
  if (total === 0) throw new Error('the profile has nothing of the time asked for')
  return new Map([...shares].map(([stage, time]) => [stage, time / total]))
}

function stagesOf(profile: CpuProfile): Map<number, string> {
  const stageOf = new Map<number, string>()
  const byId = new Map(profile.nodes.map((node) => [node.id, node]))
  const visit = (node: ProfileNode, inherited: string | undefined): void => {
    const own = strongStage(node) ?? inherited ?? (TRANSPORT.test(node.callFrame.url) ? 'receive and answer' : undefined)
    stageOf.set(node.id, own ?? fallback(node))
    for (const child of node.children ?? []) visit(byId.get(child)!, own)
  }
  visit(profile.nodes[0]!, undefined)
  return stageOf
}

function strongStage({ callFrame }: ProfileNode): string | undefined {
  return STAGES.find(([, pattern]) => pattern.test(callFrame.url))?.[0]
}

function fallback({ callFrame: { functionName, url } }: ProfileNode): string {
  if (functionName === '(idle)') return 'idle'
  if (functionName === '(garbage collector)') return 'garbage collection'
  if (functionName === '(program)') return 'native code and system calls'
  if (/internal\/(http2|stream|js_stream|net)|node:(net|http2)/.test(url)) return 'HTTP/2 and sockets'
  return 'other'
}
