import type { DatabaseSync, SQLInputValue } from 'node:sqlite'

/** A prepared statement whose rows are objects of columns; integers come as bigint. */
export interface Statement<Row> {
  get(...values: SQLInputValue[]): Row | undefined
  all(...values: SQLInputValue[]): Row[]
  iterate(...values: SQLInputValue[]): Iterable<Row>
  run(...values: SQLInputValue[]): { readonly changes: number | bigint }
}

export function prepare<Row = never>(db: DatabaseSync, sql: string): Statement<Row> {
  const statement = db.prepare(sql)
  statement.setReadBigInts(true)
  return statement as unknown as Statement<Row>
}
