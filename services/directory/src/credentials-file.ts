import { readFile, rename, writeFile } from 'node:fs/promises'
import type { Credentials } from './bootstrap.ts'

/** Writes the credentials for their owner's eyes only, whole or not at all. */
export async function writeCredentials(file: string, credentials: Credentials): Promise<void> {
  await writeFile(`${file}.new`, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600, flush: true })
  await rename(`${file}.new`, file)
}

/** The credentials in a file, or undefined if there is none. */
export async function readCredentials(file: string): Promise<Credentials | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return undefined
  const { tenant_id, client_id, client_secret } = JSON.parse(text) as Partial<Credentials>
  if (tenant_id === undefined || client_id === undefined || client_secret === undefined)
    throw new Error(`${file} lacks tenant_id, client_id or client_secret`)
  return { tenant_id, client_id, client_secret }
}
