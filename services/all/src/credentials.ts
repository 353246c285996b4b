import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The first API client, as `credentials.json` has it. */
export interface Credentials {
  readonly tenant_id: string
  readonly client_id: string
  readonly client_secret: string
}

export function credentialsFile(dataDir: string): string {
  return join(dataDir, 'credentials.json')
}

/** Writes the credentials for their owner's eyes only, whole or not at all. */
export async function writeCredentials(dataDir: string, credentials: Credentials): Promise<void> {
  const file = credentialsFile(dataDir)
  await writeFile(`${file}.new`, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600, flush: true })
  await rename(`${file}.new`, file)
}
