import type { Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { BlobInfo } from '@chat4all/ports'
import { unlessMissing } from './errors.ts'

/** What of a folder is asked for. */
interface Wanted {
  readonly prefix: string
  readonly after: string
  readonly signal: AbortSignal | undefined
}

/** Files below a folder, by the bytes of their paths from `root`. `path` ends with `/` or is empty. */
export async function* listFiles(root: string, path: string, wanted: Wanted): AsyncGenerator<BlobInfo> {
  wanted.signal?.throwIfAborted()
  const entries = (await unlessMissing(readdir(join(root, path), { withFileTypes: true }))) ?? []
  for (const name of sortedNames(entries)) {
    const key = path + name
    if (name.endsWith('/')) {
      if (mayHold(key, wanted)) yield* listFiles(root, key, wanted)
    } else if (key.startsWith(wanted.prefix) && key > wanted.after) {
      const info = await fileInfo(root, key)
      if (info) yield info
    }
  }
}

/** Folders end with `/`, because that is how the keys in them go on. Keys are ASCII: the order of characters is that of bytes. */
function sortedNames(entries: readonly Dirent[]): readonly string[] {
  return entries.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name)).sort()
}

/** Whether a folder may have files that are asked for. */
function mayHold(folder: string, { prefix, after }: Wanted): boolean {
  const matches = folder.startsWith(prefix) || prefix.startsWith(folder)
  return matches && (folder > after || after.startsWith(folder))
}

/** Undefined if there is no such file. */
export async function fileInfo(root: string, key: string): Promise<BlobInfo | undefined> {
  const found = await unlessMissing(stat(join(root, key)))
  return found?.isFile() ? { key, size: found.size, createdAt: Math.floor(found.mtimeMs) } : undefined
}
