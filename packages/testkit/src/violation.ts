import type { EvidenceIndex } from './evidence-index.ts'

/** The promises that a run is held against. */
export type Property =
  | 'P1 durability'
  | 'P2 no phantom'
  | 'P3 agreement'
  | 'P4 dedupe'
  | 'P5 live streams'
  | 'P6 session order'
  | 'P7 real-time order'
  | 'P8 status only rises'
  | 'P9 whole or absent'
  | 'P10 tenants'

/** A broken promise, and where. */
export interface Violation {
  readonly property: Property
  readonly kind: string
  readonly conversation: string
  readonly detail: string
  readonly messageId?: string
  readonly sequence?: bigint
  readonly proc?: string
}

/** Looks for what breaks one property. */
export type Check = (index: EvidenceIndex) => Iterable<Violation>
