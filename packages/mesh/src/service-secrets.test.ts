import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { shown } from './env.ts'
import { serviceSecrets } from './service-secrets.ts'

test('reads secrets from the variable or from a file, the signing one first', () => {
  const folder = mkdtempSync(join(tmpdir(), 'secret-'))
  const file = join(folder, 'secret')
  writeFileSync(file, 'new\nold\n')
  expect(serviceSecrets({ CHAT4ALL_SERVICE_SECRET: 'new, old' })).toEqual(['new', 'old'])
  expect(serviceSecrets({ CHAT4ALL_SERVICE_SECRET_FILE: file })).toEqual(['new', 'old'])
  rmSync(folder, { recursive: true })
})

test('wants exactly one of the two', () => {
  expect(() => serviceSecrets({})).toThrow('either')
  expect(() => serviceSecrets({ CHAT4ALL_SERVICE_SECRET: 'x', CHAT4ALL_SERVICE_SECRET_FILE: 'y' })).toThrow('either')
})

test('shows no secret', () => {
  expect(shown({ CHAT4ALL_SERVICE_SECRET: 's', CHAT4ALL_POSTGRES_URL: 'p', CHAT4ALL_HOST: 'h', CHAT4ALL_X: undefined })).toEqual({
    CHAT4ALL_SERVICE_SECRET: '[masked]',
    CHAT4ALL_POSTGRES_URL: '[masked]',
    CHAT4ALL_HOST: 'h',
  })
})
