import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { waitUntil } from '../../packages/testkit/src/index.ts'
import { processSeconds } from '../../tests/bench/procfs.ts'
import { Throttle } from './throttle.ts'

const SHARE = 0.2

test.skipIf(!existsSync('/proc/self/stat'))('holds a busy process to its share, and lets go of it (skipped without /proc)', async () => {
  await using stack = new AsyncDisposableStack()
  const busy = spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' })
  stack.defer(() => void busy.kill('SIGKILL'))
  const pid = busy.pid!
  await waitUntil('it is busy', () => processSeconds(pid) > 0.1)

  const throttle = stack.use(new Throttle())
  await throttle.hold(new Map([[pid, SHARE]]))
  const [startedAt, before] = [performance.now(), processSeconds(pid)]
  await sleep(2_000)
  const used = (processSeconds(pid) - before) / ((performance.now() - startedAt) / 1000)
  expect(used).toBeGreaterThan(0.02)
  expect(used).toBeLessThan(SHARE + 0.05)

  await throttle.hold(new Map())
  const held = processSeconds(pid)
  await waitUntil('it runs on', () => processSeconds(pid) > held + 0.2)
  expect(readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]).not.toMatch(/^T/)
})

test.skipIf(!existsSync('/proc/self/stat'))('forgets who has ended (skipped without /proc)', async () => {
  const gone = spawn(process.execPath, ['-e', ''], { stdio: 'ignore' })
  await using throttle = new Throttle()
  await throttle.hold(new Map([[gone.pid!, SHARE]]))
  // Held to so little, it takes its time to end.
  await waitUntil('it has ended', () => gone.exitCode === 0)
  await throttle.hold(new Map())
})
