/** What callers saw, as one record per thing seen. Times are milliseconds of one monotonic clock: all callers of a history share a process. */
export type HistoryRecord = SendRecord | ReceivedRecord | MarkRecord | StatusRecord

/** `ok`: acknowledged. `fail`: refused, nothing was stored. `unknown`: the connection broke or the server could not say. */
export type Outcome = 'ok' | 'fail' | 'unknown'

interface Seen {
  /** Who saw it. One proc is one user of one tenant. */
  readonly proc: string
  readonly tenant: string
  readonly conversation: string
}

/** One attempt to send a message. A retry with the same id is a record of its own. */
export interface SendRecord extends Seen {
  readonly op: 'send'
  /** Unique over all tenants, so that a message is recognised wherever it turns up. */
  readonly messageId: string
  readonly bodyHash: string
  /** Which of the sender's streams carried it: messages of one stream are accepted in the order of the calls. */
  readonly session: number
  readonly callAt: number
  /** When the answer came, or the stream broke. */
  readonly returnAt: number
  readonly outcome: Outcome
}

/** A message on a live stream. Records of one proc stand in the order of arrival. */
export interface ReceivedRecord extends Seen {
  readonly op: 'recv'
  readonly messageId: string
  readonly bodyHash: string
  readonly sequence: bigint
  /** Which of the proc's streams brought it: rises with every reconnect. */
  readonly session: number
  readonly returnAt: number
}

/** A member raised its own watermarks. */
export interface MarkRecord extends Seen {
  readonly op: 'ack'
  readonly user: string
  readonly deliveredThrough: bigint
  readonly readThrough: bigint
  readonly returnAt: number
  readonly outcome: Outcome
}

/** A member's watermarks as somebody was told them. */
export interface StatusRecord extends Seen {
  readonly op: 'status'
  readonly user: string
  readonly deliveredThrough: bigint
  readonly readThrough: bigint
  readonly session: number
  readonly returnAt: number
}

/** A stream that must have brought every message after `after` once the dust has settled. */
export interface Subscription extends Seen {
  readonly after: bigint
}

/** A message as a store holds it. */
export interface StoredRow {
  readonly sequence: bigint
  readonly messageId: string
  readonly bodyHash: string
  /** As the content says: the row must belong where it stands. */
  readonly tenant: string
  readonly conversation: string
}

/** Everything that one source holds of one conversation, read after the load has ended. */
export interface Reading {
  /** Where it was read: `sqlite`, `list:<user>`. */
  readonly source: string
  readonly tenant: string
  readonly conversation: string
  /** In the order in which the source gave them. */
  readonly rows: readonly StoredRow[]
  /** Watermarks by user. */
  readonly receipts: ReadonlyMap<string, { readonly deliveredThrough: bigint; readonly readThrough: bigint }>
}

/** What a run left behind: all that the checker looks at. */
export interface Evidence {
  readonly history: readonly HistoryRecord[]
  readonly subscriptions: readonly Subscription[]
  readonly readings: readonly Reading[]
}

/** Collects records while a load runs. */
export class History {
  readonly records: HistoryRecord[] = []

  add(record: HistoryRecord): void {
    this.records.push(record)
  }

  count(op: HistoryRecord['op'], outcome?: Outcome): number {
    return this.records.filter((r) => r.op === op && (outcome === undefined || ('outcome' in r && r.outcome === outcome))).length
  }
}
