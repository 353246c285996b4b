import { readEnv } from '@chat4all/base'
import { expect, it } from 'vitest'
import { directoryConfig, directoryEnv } from './config.ts'

it('has a default for everything', () => {
  expect(directoryConfig(readEnv(directoryEnv, {}))).toEqual({ signingKeyDays: 30 })
})

it.each(['0', '366', 'often'])('refuses to rotate keys every %s days', (days) => {
  expect(() => readEnv(directoryEnv, { CHAT4ALL_SIGNING_KEY_DAYS: days })).toThrow('CHAT4ALL_SIGNING_KEY_DAYS')
})
