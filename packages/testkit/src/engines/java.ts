import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'

export interface Java {
  readonly path: string
  readonly version: string
}

/** Cassandra 5 runs on Java 11 and 17, and not on what came later: it needs the security manager. */
const SUITABLE = /^(17|11)\./

/** A Java that Cassandra runs on: that of JAVA_HOME, else the first on the PATH, else an installed one. */
export function findJava(): Java | undefined {
  for (const path of candidates()) {
    const version = versionOf(path)
    if (version !== undefined && SUITABLE.test(version)) return { path, version }
  }
  return undefined
}

function candidates(): string[] {
  const homes = [...homesIn('/usr/lib/jvm', ''), ...homesIn('/Library/Java/JavaVirtualMachines', 'Contents/Home')]
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...homes.map((home) => join(home, 'bin'))]
  if (process.env.JAVA_HOME) folders.unshift(join(process.env.JAVA_HOME, 'bin'))
  return folders.map((folder) => join(folder, 'java')).filter((path) => existsSync(path))
}

function homesIn(folder: string, inside: string): string[] {
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name, inside)) : []
}

/** As the file `release` of its home has it: quicker than asking Java, and without a process. */
function versionOf(path: string): string | undefined {
  try {
    const release = readFileSync(join(dirname(dirname(realpathSync(path))), 'release'), 'utf8')
    return /^JAVA_VERSION="(.+)"$/m.exec(release)?.[1]
  } catch {
    return undefined
  }
}

export function requireJava(): Java {
  const java = findJava()
  if (java === undefined) throw new Error('Cassandra needs Java 17: install it, or set JAVA_HOME')
  return java
}
