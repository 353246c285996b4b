import type { Load } from '@chat4all/testkit'

/** Whether a message has come to every receiver since a moment of `performance.now()`. */
export function everyoneReceivedSince({ history, receivers }: Load, since: number): boolean {
  const news = history.records.filter((record) => record.op === 'recv' && record.returnAt > since)
  return new Set(news.map(({ proc }) => proc)).size === receivers.length
}
