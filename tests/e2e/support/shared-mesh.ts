import { Mesh } from '@chat4all/testkit'

/** Tests share a machine: a server that got no CPU or no disk for a moment must not refuse sends for that. */
export const PATIENT = { CHAT4ALL_MAX_LOOP_DELAY_MS: '10000', CHAT4ALL_MAX_SEND_LATENCY_MS: '10000' }

/** Of one conversation at one gateway: a burst of 1,000 is more than the other tests send. */
export const CONVERSATION_RATE = { CHAT4ALL_CONVERSATION_SENDS_PER_SECOND: '50', CHAT4ALL_CONVERSATION_BURST_SECONDS: '20' }

/** What single tests ask of a server of their own. */
const SETTINGS = { CHAT4ALL_HEARTBEAT_SECONDS: '1', CHAT4ALL_SUBSCRIBER_QUEUE_BYTES: '524288', ...CONVERSATION_RATE }

/** Whether the scenarios run on the services apart, instead of on the server in one process. */
export const onMesh = process.env.CHAT4ALL_TEST_SYSTEM === 'mesh'

const kept = globalThis as { chat4allMesh?: Promise<Mesh> }

/** One for all test files, which run one after the other in this process: a mesh takes its time to start. Ends with the process. */
export function sharedMesh(): Promise<Mesh> {
  kept.chat4allMesh ??= Mesh.start({ env: { ...PATIENT, ...SETTINGS } })
  return kept.chat4allMesh
}
