import { afterAll, beforeAll, describe } from 'vitest'
import type { MessageStore } from '../message-store.ts'
import { applyCases } from './message-store/apply-cases.ts'
import { historyCases } from './message-store/history-cases.ts'
import { memberCases } from './message-store/member-cases.ts'
import { propertyCases } from './message-store/property-cases.ts'
import { receiptCases } from './message-store/receipt-cases.ts'
import { Suite } from './message-store/suite.ts'
import { syncCases } from './message-store/sync-cases.ts'
import { verifyCases } from './message-store/verify-cases.ts'

/** Cases of the MessageStore contract. `open` opens the engine on the same storage each time, empty at first; the suite disposes of what it opened before it opens again. */
export function messageStoreConformance(engine: string, open: () => Promise<MessageStore>): void {
  describe(`MessageStore on ${engine}`, () => {
    const suite = new Suite(open)
    beforeAll(() => suite.open())
    afterAll(() => suite.close())
    describe('apply and load', () => applyCases(suite))
    describe('history', () => historyCases(suite))
    describe('sync', () => syncCases(suite))
    describe('members and inbox', () => memberCases(suite))
    describe('receipts', () => receiptCases(suite))
    describe('any history', () => propertyCases(suite))
    describe('verify', () => verifyCases(suite))
  })
}
