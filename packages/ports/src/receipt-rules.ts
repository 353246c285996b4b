import type { ReceiptMark, ReceiptState } from './message-store.ts'

/** What a mark makes of a member's watermarks: each the maximum, at most the conversation's last sequence; what was read was delivered. */
export function raiseReceipt(
  old: ReceiptState,
  mark: Pick<ReceiptMark, 'deliveredThrough' | 'readThrough' | 'at'>,
  last: bigint,
): ReceiptState {
  const readThrough = larger(old.readThrough, smaller(mark.readThrough, last))
  const deliveredThrough = larger(larger(old.deliveredThrough, smaller(mark.deliveredThrough, last)), readThrough)
  return {
    userId: old.userId,
    deliveredThrough,
    deliveredAt: deliveredThrough > old.deliveredThrough ? mark.at : old.deliveredAt,
    readThrough,
    readAt: readThrough > old.readThrough ? mark.at : old.readAt,
  }
}

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b)
const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b)
