import { expect, test } from 'vitest'
import { findDrift } from './drift.ts'

test('names the settings that differ, with both values', () => {
  const wanted = { max_age: 60, subjects: ['a'], storage: 'file' }
  const found = { max_age: 30, subjects: ['a', 'b'], storage: 'file', max_consumers: -1 }
  expect(findDrift(wanted, found)).toEqual([
    { field: 'max_age', wanted: 60, found: 30 },
    { field: 'subjects', wanted: ['a'], found: ['a', 'b'] },
  ])
})

test('takes a setting that the server leaves out for its zero value', () => {
  expect(findDrift({ allow_direct: false, max_msgs: 0 }, {})).toEqual([])
  expect(findDrift({ allow_direct: true }, {})).toEqual([{ field: 'allow_direct', wanted: true, found: undefined }])
})
