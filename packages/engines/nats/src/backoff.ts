import { setTimeout } from 'node:timers/promises'

/** Waits before the attempt after `failures` failed ones: 50 ms doubled each time, at most `mostMs`, half of it at random. Ends early, without complaint, when the signal aborts. */
export async function backOff(failures: number, mostMs = 1_000, signal?: AbortSignal): Promise<void> {
  const delayMs = Math.min(mostMs, 50 * 2 ** Math.min(failures, 16))
  await pause(delayMs * (0.5 + Math.random() / 2), signal)
}

/** Waits, or until the signal aborts. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, signal && { signal }).catch(() => {})
}
