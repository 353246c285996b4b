/** `bigint` columns take and give bigint, `int` columns number, blobs bytes. `undefined` leaves a column as it is. */
export type CqlValue = string | number | bigint | boolean | Uint8Array | readonly (string | number | bigint)[] | undefined

export interface Statement {
  readonly query: string
  readonly params: readonly CqlValue[]
}
