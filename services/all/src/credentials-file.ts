import { join } from 'node:path'

/** Where the credentials of the first API client are. */
export function credentialsFile(dataDir: string): string {
  return join(dataDir, 'credentials.json')
}
