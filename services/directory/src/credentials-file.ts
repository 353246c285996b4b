import { link, readFile, rm, writeFile } from 'node:fs/promises'
import type { Credentials } from './bootstrap.ts'

/** Writes the credentials for their owner's eyes only, whole or not at all, unless the file is there already. Resolves to those that are in it. */
export async function keepCredentials(file: string, fresh: Credentials): Promise<Credentials> {
  const whole = `${file}.${fresh.client_id}`
  await writeFile(whole, `${JSON.stringify(fresh, null, 2)}\n`, { mode: 0o600, flush: true })
  try {
    await link(whole, file)
    return fresh
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return (await readCredentials(file))!
  } finally {
    await rm(whole)
  }
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
