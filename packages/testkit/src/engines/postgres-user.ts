import { readFile } from 'node:fs/promises'

export interface SystemUser {
  readonly uid: number
  readonly gid: number
}

/** Whom PostgreSQL runs as: it refuses root, so there `postgres`, else `nobody`; everybody else runs it as themselves (undefined). */
export async function postgresUser(): Promise<SystemUser | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const users = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'))
  const entry = ['postgres', 'nobody'].map((name) => users.find((user) => user[0] === name)).find((user) => user !== undefined)
  if (entry === undefined) throw new Error('PostgreSQL refuses to run as root, and there is neither a user `postgres` nor `nobody`')
  return { uid: Number(entry[2]), gid: Number(entry[3]) }
}
