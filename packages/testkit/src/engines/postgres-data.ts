import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, cp, mkdir, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { postgresPrograms } from './catalogue.ts'
import type { SystemUser } from './postgres-user.ts'

/** Makes a cluster with the user and the database `c4a` inside the folder. */
export async function createPostgresData(folder: string, user: SystemUser | undefined) {
  const programs = await reachablePrograms(folder, user)
  const home = join(folder, 'home')
  const [data, password] = [join(home, 'data'), join(home, 'password')]
  await mkdir(home, { mode: 0o700 })
  await writeFile(password, 'c4a')
  if (user) for (const path of [home, password]) await chown(path, user.uid, user.gid)
  const flags = ['-U', 'c4a', `--pwfile=${password}`, '-A', 'scram-sha-256', '-E', 'UTF8', '--locale=C', '--no-sync']
  await runAs(user, home, [join(programs, 'initdb'), '-D', data, ...flags])
  await runAs(user, home, [join(programs, 'postgres'), '--single', '-D', data, 'postgres'], 'CREATE DATABASE c4a\n')
  await rm(password)
  return { programs, data }
}

/** Where the programs are; a copy in the folder if the other user may not enter the place. */
async function reachablePrograms(folder: string, user: SystemUser | undefined): Promise<string> {
  const programs = postgresPrograms()
  if (programs === undefined) throw new Error('PostgreSQL is missing: run `make engines`')
  if (user === undefined || (await isOpenToAll(programs))) return programs
  await cp(dirname(programs), join(folder, 'native'), { recursive: true, verbatimSymlinks: true })
  return join(folder, 'native/bin')
}

async function isOpenToAll(path: string): Promise<boolean> {
  const { mode } = await stat(path)
  return (mode & 0o001) !== 0 && (path === dirname(path) || (await isOpenToAll(dirname(path))))
}

async function runAs(user: SystemUser | undefined, cwd: string, command: readonly string[], input = ''): Promise<void> {
  const child = spawn(command[0]!, command.slice(1), { cwd, stdio: 'pipe', ...user })
  const ended = once(child, 'close')
  child.stdin.end(input)
  const [errors] = await Promise.all([text(child.stderr), text(child.stdout), ended])
  if (child.exitCode !== 0) throw new Error(`${command[0]} failed:\n${errors.slice(-3000)}`)
}
