import { setTimeout as sleep } from 'node:timers/promises'
import type { Member, Mesh, TcpProxy } from '../../packages/testkit/src/index.ts'

/** A number in [0, n). */
export type Random = (n: number) => number

/** Something that happens to the mesh, and is over when it resolves. */
export interface Fault {
  /** Whom it happens to. */
  readonly member: Member
  readonly text: string
  readonly run: () => Promise<void>
}

type Kind = (mesh: Mesh, random: Random) => Fault

/** What may happen, all with the same chance. */
const KINDS: readonly Kind[] = [kill, kill, pause, partition, oneWay, reset, restart]

/** Chooses what happens next. Who is harmed, how and for how long follows from the random numbers alone. */
export function chooseFault(mesh: Mesh, random: Random): Fault {
  return pick(KINDS, random)(mesh, random)
}

function kill(mesh: Mesh, random: Random): Fault {
  const member = pick(mesh.members, random)
  const { name, process } = member
  const ms = random(3_000)
  return {
    member,
    text: `kill -9 ${name}, back after ${seconds(ms)}`,
    run: async () => {
      await process!.kill()
      await sleep(ms)
      await process!.restart()
    },
  }
}

function pause(mesh: Mesh, random: Random): Fault {
  const member = pick(mesh.members, random)
  const { name, process } = member
  const ms = 500 + random(9_500)
  return {
    member,
    text: `SIGSTOP ${name} for ${seconds(ms)}`,
    run: async () => {
      process!.pause()
      await sleep(ms)
      process!.resume()
    },
  }
}

function partition(mesh: Mesh, random: Random): Fault {
  const { from, to, proxy } = pick(mesh.links, random)
  return during(from, `cut ${from.name} off from ${to.name}`, 500 + random(7_500), proxy, () => proxy.partition())
}

function oneWay(mesh: Mesh, random: Random): Fault {
  const { from, to, proxy } = pick(mesh.links, random)
  const deaf = random(2) === 0
  const text = deaf ? `${from.name} does not hear ${to.name}` : `${from.name} is not heard by ${to.name}`
  const shape = { blackhole: true }
  return during(from, text, 500 + random(7_500), proxy, () => proxy.shape(deaf ? { toClient: shape } : { toServer: shape }))
}

function reset(mesh: Mesh, random: Random): Fault {
  const { from, to, proxy } = pick(mesh.links, random)
  return { member: from, text: `reset the connections from ${from.name} to ${to.name}`, run: async () => proxy.reset() }
}

function restart(mesh: Mesh, random: Random): Fault {
  const member = pick(mesh.members, random)
  const { name, process } = member
  return {
    member,
    text: `stop ${name}, and start it again`,
    run: async () => void (await process!.restart()),
  }
}

function during(member: Member, text: string, ms: number, proxy: TcpProxy, cut: () => void): Fault {
  return {
    member,
    text: `${text} for ${seconds(ms)}`,
    run: async () => {
      cut()
      await sleep(ms)
      proxy.heal()
    },
  }
}

function pick<T>(items: readonly T[], random: Random): T {
  return items[random(items.length)]!
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
