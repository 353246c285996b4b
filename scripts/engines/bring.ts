import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { ENGINES, engineFolder, engineMissing } from '../../packages/testkit/src/engines/catalogue.ts'
import type { Recipe } from './recipe.ts'

export interface Brought {
  readonly recipe: Recipe
  readonly state: 'ready' | 'missing' | 'failed'
  /** Where it comes from, or why it is not there. */
  readonly note: string
}

type Say = (line: string) => void

const PROGRESS_EVERY_MS = 10_000

/** Sees to it that an engine is there, and says what it does if that takes a while. */
export async function bringEngine(recipe: Recipe, say: Say): Promise<Brought> {
  const started = performance.now()
  try {
    const present = existsSync(engineFolder(recipe.name))
    const lack = present ? undefined : await recipe.lacks()
    if (lack !== undefined) return withoutIt({ recipe, state: 'missing', note: lack })
    if (present) await verify(recipe, engineFolder(recipe.name))
    else await withProgress('getting it', say, () => bringAnew(recipe))
    await withProgress('preparing a faster start', say, async () => await recipe.tune?.())
    return { recipe, state: 'ready', note: present ? 'was there' : `took ${seconds(started)}` }
  } catch (error) {
    return withoutIt({ recipe, state: 'failed', note: `${(error as Error).message}\n→ ${recipe.advice}` })
  }
}

/** Where nothing was brought, the one that the system has may do. */
function withoutIt(brought: Brought): Brought {
  const { name } = brought.recipe
  const fromSystem = !existsSync(engineFolder(name)) && engineMissing(name) === undefined
  return fromSystem ? { ...brought, state: 'ready', note: "the system's own" } : brought
}

/** Works beside the folder and renames at the end: what is there is whole, whoever else does the same meanwhile. */
async function bringAnew(recipe: Recipe): Promise<void> {
  const folder = engineFolder(recipe.name)
  const work = `${folder}.${process.pid}`
  try {
    await mkdir(work, { recursive: true })
    await recipe.bring(work)
    await verify(recipe, work)
    await rename(work, folder).catch((error) => {
      if (!existsSync(folder)) throw error
    })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function verify(recipe: Recipe, folder: string): Promise<void> {
  const found = await recipe.versionIn(folder)
  const { version } = ENGINES[recipe.name]
  if (found !== version) throw new Error(`${folder} holds version ${found} instead of ${version}: remove that folder and run this again`)
}

async function withProgress(what: string, say: Say, work: () => Promise<void>): Promise<void> {
  const started = performance.now()
  // Nothing is said of what is done at once.
  const first = setTimeout(() => say(`${what} …`), 200)
  const timer = setInterval(() => say(`${what} … ${seconds(started)}`), PROGRESS_EVERY_MS)
  try {
    await work()
  } finally {
    clearTimeout(first)
    clearInterval(timer)
  }
}

function seconds(started: number): string {
  return `${((performance.now() - started) / 1000).toFixed(0)} s`
}
