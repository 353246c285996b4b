import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { findCredentials, profileFile } from './credentials.ts'

const home = mkdtempSync(join(tmpdir(), 'chat4all-cli-'))
afterAll(() => rmSync(home, { recursive: true }))

const env = { XDG_CONFIG_HOME: join(home, 'config'), CHAT4ALL_DATA_DIR: join(home, 'data') }
const write = (file: string, client_id: string): string => {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, JSON.stringify({ client_id, client_secret: 's' }))
  return file
}
const found = (named?: string, more: NodeJS.ProcessEnv = {}) => findCredentials(named, { ...env, ...more }).credentials.client_id

test('takes the nearest credentials there are', () => {
  expect(() => found()).toThrow('no credentials: looked for')
  write(join(env.CHAT4ALL_DATA_DIR, 'credentials.json'), 'data directory')
  expect(found()).toBe('data directory')
  write(profileFile(env), 'profile')
  expect(found()).toBe('profile')
  const named = write(join(home, 'named.json'), 'named')
  expect(found(undefined, { CHAT4ALL_CREDENTIALS: named })).toBe('named')
  expect(found(named, { CHAT4ALL_CREDENTIALS: '/nowhere' })).toBe('named')
})

test('does not look elsewhere when the named file is missing or wrong', () => {
  expect(() => found('/nowhere')).toThrow('looked for /nowhere')
  const wrong = join(home, 'wrong.json')
  writeFileSync(wrong, '{"client_id": 1}')
  expect(() => found(wrong)).toThrow('holds no credentials')
})
