import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** Why a test that drives a browser cannot run here begins with this. */
export const BROWSER_MISSING = 'missing browser: '

/** The Chromium of this machine: that of CHAT4ALL_CHROMIUM, else the first on the PATH. */
export function findBrowser(): string | undefined {
  if (process.env.CHAT4ALL_CHROMIUM) return process.env.CHAT4ALL_CHROMIUM
  const folders = (process.env.PATH ?? '').split(delimiter)
  return PROGRAMS.flatMap((program) => folders.map((folder) => join(folder, program))).find((path) => existsSync(path))
}

/** Why no test can drive a browser here; undefined when they can. */
export function browserMissing(): string | undefined {
  return findBrowser() === undefined ? `${BROWSER_MISSING}install Chromium, or set CHAT4ALL_CHROMIUM to one` : undefined
}
