import { readEnv } from '@chat4all/base'
import { expect, test } from 'vitest'
import { shown } from './env.ts'
import { natsEnv, natsLogin } from './nats.ts'

const read = (from: Record<string, string>) => readEnv(natsEnv, from)

test('logs in by a user and a password, by a file, or not at all', () => {
  expect(natsLogin(read({}))).toBeUndefined()
  expect(natsLogin(read({ CHAT4ALL_NATS_USER: 'mesh', CHAT4ALL_NATS_PASSWORD: 'p' }))).toEqual({ user: 'mesh', password: 'p' })
  expect(natsLogin(read({ CHAT4ALL_NATS_CREDENTIALS: '/nats.creds' }))).toEqual({ credentialsFile: '/nats.creds' })
})

test.each([
  [{ CHAT4ALL_NATS_USER: 'mesh' }, 'together'],
  [{ CHAT4ALL_NATS_PASSWORD: 'p' }, 'together'],
  [{ CHAT4ALL_NATS_USER: 'mesh', CHAT4ALL_NATS_PASSWORD: 'p', CHAT4ALL_NATS_CREDENTIALS: '/nats.creds' }, 'instead'],
])('refuses what makes no login: %o', (from, why) => {
  expect(() => natsLogin(read(from))).toThrow(why)
})

test('masks the password in the log', () => {
  const values = read({ CHAT4ALL_NATS_USER: 'mesh', CHAT4ALL_NATS_PASSWORD: 'hush' })
  expect(shown(values)).toMatchObject({ CHAT4ALL_NATS_USER: 'mesh', CHAT4ALL_NATS_PASSWORD: '[masked]' })
})
