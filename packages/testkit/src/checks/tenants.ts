import type { Check, Violation } from '../violation.ts'

/** P10: nobody sees a message, a conversation or a status of another tenant. */
export const tenants: Check = function* (index) {
  const senderTenant = (messageId: string) => index.attempts.get(messageId)?.[0]?.tenant
  for (const record of index.received) {
    const from = senderTenant(record.messageId)
    if (from !== undefined && from !== record.tenant) yield crossed(record, `${record.proc} of ${record.tenant} received it from ${from}`)
  }
  for (const reading of index.readings) {
    for (const row of reading.rows) {
      const from = senderTenant(row.messageId)
      if ((from !== undefined && from !== reading.tenant) || row.tenant !== reading.tenant || row.conversation !== reading.conversation) {
        yield crossed(
          { ...row, conversation: reading.conversation },
          `${reading.source} of ${reading.tenant} has it from ${from ?? row.tenant}`,
        )
      }
    }
  }
  const home = new Map(index.readings.map((reading) => [reading.conversation, reading.tenant]))
  for (const status of index.statuses) {
    const tenant = home.get(status.conversation)
    if (tenant !== undefined && tenant !== status.tenant)
      yield crossed(status, `${status.proc} of ${status.tenant} saw a status of ${tenant}`)
  }
}

function crossed(seen: { readonly conversation: string; readonly messageId?: string }, detail: string): Violation {
  const messageId = seen.messageId === undefined ? {} : { messageId: seen.messageId }
  return { property: 'P10 tenants', kind: 'something crossed a tenant', conversation: seen.conversation, ...messageId, detail }
}
