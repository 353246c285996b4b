import { chmod, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A new folder that other users may pass through: as root, PostgreSQL runs as somebody else. */
export async function tempFolder(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `chat4all-${name}-`))
  await chmod(folder, 0o711)
  return folder
}
