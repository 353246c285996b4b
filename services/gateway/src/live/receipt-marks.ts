import { create } from '@bufbuild/protobuf'
import { type Event, type Receipt, ReceiptSchema } from '@chat4all/gen/chat4all/v1/event_pb.js'
import { LRUCache } from 'lru-cache'

/** With more, the one that rose longest ago is forgotten. Some 300 bytes each. */
const MAX = 50_000

/** How high the latest receipts stood that went by. Receipts only rise, but those of one user may come from several gateways in any order, and what a gateway published that was cut off arrives when it is back. */
export class ReceiptMarks {
  readonly #marks = new LRUCache<string, Receipt>({ max: MAX })

  /** The same events, with receipts that are below what went by before lifted to it. None is left out: a bus may bring the same batch once for each user. */
  lift(tenantId: string, events: readonly Event[]): Event[] {
    return events.map((event) => {
      if (event.kind.case !== 'receipt') return event
      const key = `${tenantId}/${event.conversationId}/${event.kind.value.userId}`
      const known = this.#marks.get(key)
      const value = known === undefined ? event.kind.value : highest(event.kind.value, known)
      this.#marks.set(key, value)
      return { ...event, kind: { case: 'receipt', value } }
    })
  }
}

/** Whether a receipt says anything that the other one does not. */
export function isAbove(receipt: Receipt, other: Receipt): boolean {
  return receipt.deliveredThrough > other.deliveredThrough || receipt.readThrough > other.readThrough
}

function highest(a: Receipt, b: Receipt): Receipt {
  const delivered = a.deliveredThrough >= b.deliveredThrough ? a : b
  const read = a.readThrough >= b.readThrough ? a : b
  const { userId, deliveredThrough, deliveredTime } = delivered
  const { readThrough, readTime } = read
  return create(ReceiptSchema, {
    ...{ userId, deliveredThrough, readThrough },
    ...(deliveredTime === undefined ? {} : { deliveredTime }),
    ...(readTime === undefined ? {} : { readTime }),
  })
}
