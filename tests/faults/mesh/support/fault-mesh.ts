import { Mesh } from '@chat4all/testkit'

/** The machine has few CPUs for a whole mesh: what is late for that must not refuse sends. */
const PATIENT = { CHAT4ALL_MAX_LOOP_DELAY_MS: '1000', CHAT4ALL_MAX_SEND_LATENCY_MS: '1000' }

const kept = globalThis as { chat4allFaultMesh?: Promise<Mesh> }

/** One for all fault cases, which run one after the other in this process and mend what they break. Ends with the process. */
export function faultMesh(): Promise<Mesh> {
  kept.chat4allFaultMesh ??= Mesh.start({ fragile: true, env: { ...PATIENT, CHAT4ALL_HEARTBEAT_SECONDS: '2' } })
  return kept.chat4allFaultMesh
}

/** After a case that failed in the middle: the others must find everything as it was. */
export async function mend(mesh: Mesh): Promise<void> {
  for (const { proxy } of mesh.links) proxy.heal()
  for (const service of mesh.services) mesh.sabotage(service, {})
  for (const { process } of mesh.members) process!.resume()
  for (const { process } of mesh.members) if (!process!.running) await process!.restart()
}
