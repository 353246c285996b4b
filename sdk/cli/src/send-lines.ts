import { createInterface } from 'node:readline'
import type { Sent } from '@chat4all/sdk'
import type { Context } from './context.ts'

/** Messages that may wait for the server at once. */
const WINDOW = 200

/** Sends every line of standard input that says something, and writes what was accepted, in order. */
export async function sendLines({ stdin, output }: Context, send: (text: string) => Promise<Sent>): Promise<void> {
  const waiting: Promise<Sent>[] = []
  const settleOne = async () => {
    const sent = await waiting.shift()!
    if (output.json) output.object(sent)
    else output.line(sent.messageId)
  }
  for await (const line of createInterface({ input: stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.trim() === '') continue
    const sent = send(line)
    // Reported when its turn comes, below.
    sent.catch(() => {})
    if (waiting.push(sent) === WINDOW) await settleOne()
  }
  while (waiting.length > 0) await settleOne()
}
