import { setTimeout as sleep } from 'node:timers/promises'

/** Resolves when the condition holds. Throws, naming what was waited for and where it stands, after the time given. */
export async function waitUntil(
  what: string,
  condition: () => Promise<boolean> | boolean,
  timeoutMs = 30_000,
  state: () => string = () => '',
): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain: ${what} ${state()}`)
    await sleep(10)
  }
}
