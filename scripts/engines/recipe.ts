import type { EngineName } from '../../packages/testkit/src/engines/catalogue.ts'

/** How to get one engine. */
export interface Recipe {
  readonly name: EngineName
  /** What this machine lacks for it, and what to do about that; undefined when nothing. */
  readonly lacks: () => Promise<string | undefined>
  /** What to look at when bringing it fails. */
  readonly advice: string
  /** Puts the engine into this empty folder. */
  readonly bring: (folder: string) => Promise<void>
  /** Runs the engine that is in the folder just to learn its version. Throws when it does not run. */
  readonly versionIn: (folder: string) => Promise<string>
  /** What makes it start faster here. Done once, in its final folder. */
  readonly tune?: () => Promise<void>
}
