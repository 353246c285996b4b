import { expect, it } from 'vitest'
import { readDirectoryConfig } from './config.ts'

it('has a default for everything', () => {
  expect(readDirectoryConfig({})).toEqual({ signingKeyDays: 30 })
})

it.each(['0', '366', 'often'])('refuses to rotate keys every %s days', (days) => {
  expect(() => readDirectoryConfig({ CHAT4ALL_SIGNING_KEY_DAYS: days })).toThrow('CHAT4ALL_SIGNING_KEY_DAYS')
})
