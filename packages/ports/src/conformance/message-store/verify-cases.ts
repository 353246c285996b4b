import { expect, it } from 'vitest'
import type { IntegrityFinding } from '../../message-store.ts'
import { timeOf } from './author.ts'
import { newTenant, type Suite } from './suite.ts'

export function verifyCases(suite: Suite): void {
  /** Follows the cursor to the end. */
  const verify = async (tenantId: string | undefined) => {
    const total = { findings: [] as IntegrityFinding[], conversations: 0, messages: 0 }
    for (let cursor: string | undefined = ''; cursor !== undefined; ) {
      const page = await suite.store.verify(tenantId, cursor)
      total.findings.push(...page.findings)
      total.conversations += page.conversations
      total.messages += page.messages
      cursor = page.next
    }
    return total
  }

  it('finds nothing wrong with what was applied, and counts it', async () => {
    const tenantId = newTenant()
    const authors = Array.from({ length: 3 }, () => suite.author(tenantId))
    for (const [i, author] of authors.entries()) {
      for (let n = 0; n <= i; n++) author.message('ana')
      author.edit(1n, 'edited')
      author.react(1n)
      author.message('bob')
      author.delete(1n)
      author.leave('bob')
    }
    await suite.apply(...authors)
    await suite.store.raiseReceipts([{ ...authors[0]!.key, userId: 'ana', deliveredThrough: 2n, readThrough: 1n, at: 10n }])
    expect(await verify(tenantId)).toEqual({ findings: [], conversations: 3, messages: 9 })
    await suite.store.expireChanges(timeOf(suite.log.end + 1n))
    authors[0]!.react(2n)
    await suite.apply(authors[0]!)
    expect(await verify(tenantId)).toEqual({ findings: [], conversations: 3, messages: 9 })
  })

  it('checks one tenant, or all', async () => {
    const tenantId = newTenant()
    await suite.stored(2, tenantId)
    await suite.stored(1)
    expect(await verify(tenantId)).toEqual({ findings: [], conversations: 1, messages: 2 })
    expect(await verify(newTenant())).toEqual({ findings: [], conversations: 0, messages: 0 })
    expect((await verify(undefined)).conversations).toBeGreaterThanOrEqual(2)
  })

  it('finds nothing wrong with everything that the cases before have written', async () => {
    expect((await verify(undefined)).findings).toEqual([])
  })
}
