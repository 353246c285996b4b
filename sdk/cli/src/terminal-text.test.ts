import { describe, expect, test } from 'vitest'
import { cut, indented, oneLine, pad, width } from './terminal-text.ts'

describe('oneLine', () => {
  test('shows line breaks and control characters instead of obeying them', () => {
    expect(oneLine('a\nb\tc')).toBe('a\\nb\\tc')
    expect(oneLine('\u001b[2J\u0007\u009b31m')).toBe('\\e[2J\\u0007\\u009b31m')
  })

  test('shows characters that turn the direction of writing', () => {
    expect(oneLine('ab\u202ecd')).toBe('ab\\u202ecd')
  })

  test('leaves text alone', () => {
    expect(oneLine('Olá, 日本 👋')).toBe('Olá, 日本 👋')
  })
})

test('indented continues lines under the first one', () => {
  expect(indented('one\r\ntwo\n\u001b[31mthree', 4)).toBe('one\n    two\n    \\e[31mthree')
})

test('width counts columns, not characters', () => {
  expect(width('abc')).toBe(3)
  expect(width('日本')).toBe(4)
  expect(width('👋')).toBe(2)
  expect(width('e\u0301')).toBe(1)
  expect(width('\u001b[1mbold\u001b[22m')).toBe(4)
})

test('pad fills up to a column', () => {
  expect(pad('日本', 6)).toBe('日本  ')
})

test('cut keeps what fits and says that something is missing', () => {
  expect(cut('abcdef', 6)).toBe('abcdef')
  expect(cut('abcdef', 4)).toBe('abc…')
  expect(cut('日本語', 4)).toBe('日…')
})
