import { availableParallelism } from 'node:os'
import type { Mesh } from '../../packages/testkit/src/index.ts'
import { cpuBusySeconds, processSeconds } from '../../tests/bench/procfs.ts'

const LOAD = 'load'
const ALL = 'all'
/** Of one core. The kernel's own work, which belongs to nobody, stays below. */
const NOTEWORTHY = 0.4

/** What each process of a mesh, the load and everybody together use of the machine's cores, from its making on. */
export class CpuMeter {
  readonly #mesh: Mesh
  readonly #startedAt = performance.now()
  readonly #before: ReadonlyMap<string, number>

  constructor(mesh: Mesh) {
    this.#mesh = mesh
    this.#before = look(mesh)
  }

  /** In percent of one core, for people: services one by one, the rest in sums. */
  get text(): string {
    const ms = performance.now() - this.#startedAt
    const used = new Map([...look(this.#mesh)].map(([name, seconds]) => [name, (seconds - this.#before.get(name)!) * 1000]))
    const percent = (ms: number) => `${Math.round(100 * ms)} %`
    const share = (name: string) => used.get(name)! / ms
    const engines = this.#mesh.engines.members.reduce((sum, { name }) => sum + share(name), 0)
    const foreign = share(ALL) - [...used.keys()].filter((name) => name !== ALL).reduce((sum, name) => sum + share(name), 0)
    const services = this.#mesh.services.map(({ name }) => `${name} ${percent(share(name))}`)
    return [
      ...services,
      `engines ${percent(engines)}`,
      `load ${percent(share(LOAD))}`,
      `the machine ${percent(share(ALL))} of ${availableParallelism() * 100} %`,
      ...(foreign > NOTEWORTHY ? [`of which others ${percent(foreign)}: what is measured beside them says little`] : []),
    ].join(', ')
  }
}

function look(mesh: Mesh): Map<string, number> {
  const cpus = Array.from({ length: availableParallelism() }, (_, cpu) => cpuBusySeconds(cpu))
  return new Map([
    ...mesh.members.map(({ name, process }) => [name, processSeconds(process!.pid)] as const),
    [LOAD, processSeconds(process.pid)],
    [ALL, cpus.reduce((sum, seconds) => sum + seconds, 0)],
  ])
}
