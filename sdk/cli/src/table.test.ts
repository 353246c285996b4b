import { expect, test } from 'vitest'
import { formatTable } from './table.ts'

test('aligns columns by their width on the screen', () => {
  const lines = formatTable(
    ['USER', 'NAME'],
    [
      ['ana', 'Ana'],
      ['日本太郎', 'Taro'],
    ],
  )
  expect(lines).toEqual(['USER      NAME', 'ana       Ana', '日本太郎  Taro'])
})

test('cuts the last column at the edge of the screen', () => {
  expect(formatTable(['USER', 'MESSAGE'], [['ana', 'a long message']], 16)).toEqual(['USER  MESSAGE', 'ana   a long me…'])
})

test('keeps a row on its line whatever it holds', () => {
  expect(formatTable(['A'], [['x\ny']])).toEqual(['A', 'x\\ny'])
})
