import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The parts of what Node writes for --cpu-prof that matter here: a tree of call sites, and which one was running at each sample. */
interface CpuProfile {
  readonly nodes: readonly ProfileNode[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}
interface ProfileNode {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string }
  readonly children?: readonly number[]
}

/** Where the time of a message goes. The first line that matches a call site decides. */
const STAGES: readonly (readonly [string, RegExp])[] = [
  ['push', /services\/gateway\/src\/live\/|packages\/rpc\/src\/stream-queue|engines\/embedded\/src\/live-bus/],
  ['append', /engines\/embedded\/src\/(conversation-log|log\/)/],
  ['store', /engines\/embedded\/src\/message-store/],
  ['encode', /services\/sequencer\/src\/(encode|publish)/],
  ['order', /services\/sequencer\//],
  ['directory', /services\/directory\/|engines\/embedded\/src\/directory/],
  ['receive', /services\/gateway\/|packages\/rpc\/|protovalidate|@grpc\/grpc-js/],
  ['worker protocol', /engines\/embedded\/src\/sqlite/],
]

/** Seconds by stage, over all threads. A call site that belongs to no stage (Node, native code) counts for its nearest caller that does; what has none is split by what it is. */
export function secondsByStage(directory: string): Map<string, number> {
  const seconds = new Map<string, number>()
  for (const name of readdirSync(directory).filter((n) => n.endsWith('.cpuprofile'))) {
    addProfile(JSON.parse(readFileSync(join(directory, name), 'utf8')), seconds)
  }
  return new Map([...seconds].sort((a, b) => b[1] - a[1]))
}

function addProfile(profile: CpuProfile, seconds: Map<string, number>): void {
  const stageOf = new Map<number, string>()
  const byId = new Map(profile.nodes.map((node) => [node.id, node]))
  const visit = (node: ProfileNode, inherited: string | undefined): void => {
    const own = ownStage(node) ?? inherited
    stageOf.set(node.id, own ?? fallback(node))
    for (const child of node.children ?? []) visit(byId.get(child)!, own)
  }
  visit(profile.nodes[0]!, undefined)
  for (const [i, id] of profile.samples.entries()) {
    const stage = stageOf.get(id)!
    if (stage !== 'idle') seconds.set(stage, (seconds.get(stage) ?? 0) + profile.timeDeltas[i]! / 1e6)
  }
}

function ownStage({ callFrame }: ProfileNode): string | undefined {
  return STAGES.find(([, pattern]) => pattern.test(callFrame.url))?.[0]
}

function fallback({ callFrame: { functionName, url } }: ProfileNode): string {
  if (functionName === '(idle)') return 'idle'
  if (functionName === '(garbage collector)') return 'garbage collection'
  if (functionName === '(program)') return 'native and system calls'
  if (/internal\/(http2|stream|js_stream|net)|node:(net|http2)/.test(url)) return 'HTTP/2 and sockets'
  return 'other'
}
