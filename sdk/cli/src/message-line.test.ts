import { PassThrough } from 'node:stream'
import type { Message, Receipt } from '@chat4all/sdk'
import { describe, expect, test } from 'vitest'
import { clock, contentOf, messageLine, tickOf } from './message-line.ts'
import { Output } from './output.ts'

const plain = () => new PassThrough() as unknown as NodeJS.WriteStream
const output = new Output({ stdout: plain() as never, stderr: plain() as never, env: {} })
const text = (value: string) => ({ payload: { content: { case: 'text', value } } })
const message = (init: object) => ({ from: 'ana', sequence: 7n, conversationId: 'c', ...init }) as Message

describe('messageLine', () => {
  test('names the sender, and continues long texts under their start', () => {
    const line = messageLine(output, message(text('one\ntwo')), 'delivered', { name: 'ana', isPrivate: true })
    expect(line).toBe('--:--:--  #7 ana: one\n                  two  ✓✓')
  })

  test('names the group, and whom one’s own private message goes to', () => {
    expect(messageLine(output, message(text('hi')), 'sent', { name: 'Team', isPrivate: false })).toBe('--:--:--  [Team] #7 ana: hi  ✓')
    expect(messageLine(output, message(text('hi')), 'sent', { name: 'bruno', isPrivate: true })).toBe('--:--:--  #7 ana → bruno: hi  ✓')
  })

  test('does not let a sender or a title command the terminal', () => {
    const line = messageLine(output, message({ ...text('x'), from: '\u001b[2J' }), 'sent', { name: 'a\nb', isPrivate: false })
    expect(line).toBe('--:--:--  [a\\nb] #7 \\e[2J: x  ✓')
  })
})

test('contentOf names what is no text', () => {
  expect(contentOf(message({ payload: { content: { case: 'file', value: { name: 'plan.pdf' } } } }))).toBe('[file plan.pdf]')
  expect(contentOf(message({ deleteTime: {} }))).toBe('[deleted]')
})

test('tickOf is as far as the slowest other member', () => {
  const receipts = [
    { userId: 'ana', deliveredThrough: 9n, readThrough: 9n },
    { userId: 'bruno', deliveredThrough: 8n, readThrough: 7n },
    { userId: 'carla', deliveredThrough: 7n, readThrough: 0n },
  ] as Receipt[]
  expect(tickOf(message({}), receipts)).toBe('delivered')
  expect(tickOf(message({}), receipts.slice(0, 2))).toBe('read')
  expect(tickOf(message({ sequence: 8n }), receipts)).toBe('sent')
  expect(tickOf(message({}), [])).toBe('sent')
})

test('clock leaves out the date of today', () => {
  const noon = new Date(2026, 0, 31, 12, 5, 9)
  expect(clock(noon, new Date(2026, 0, 31, 23))).toBe('12:05:09')
  expect(clock(noon, new Date(2026, 1, 1))).toBe('2026-01-31 12:05:09')
})
