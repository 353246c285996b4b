import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { modelEvidence } from '../../packages/testkit/src/model.ts'
import { judge } from './verdict.ts'

test('finds every promise kept by a correct messenger', () => {
  const { clean, text } = judge(modelEvidence(1))
  expect(clean).toBe(true)
  expect(stripVTControlCharacters(text).match(/ kept$/gm)).toHaveLength(10)
})

test('names the promise that a lost message breaks', () => {
  const evidence = modelEvidence(1)
  const readings = evidence.readings.map((reading) => ({ ...reading, rows: reading.rows.slice(0, -1) }))
  const { clean, text } = judge({ ...evidence, readings })
  expect(clean).toBe(false)
  expect(stripVTControlCharacters(text)).toMatch(/P1 durability .* BROKEN \d+ times/)
  expect(stripVTControlCharacters(text)).toMatch(/P10 tenants .* kept/)
})
