import { setTimeout as sleep } from 'node:timers/promises'
import { EngineUnavailable } from '@chat4all/ports'
import { type CustomTypesConfig, type Pool, type PoolClient, types } from 'pg'
import { lostConnection, toPortError, wasUndone } from './errors.ts'
import { fromStored, toStored } from './text.ts'

/** A transaction that others keep undoing is tried so often. */
const ATTEMPTS = 6

type Parameter =
  | string
  | number
  | bigint
  | Uint8Array
  | null
  | readonly string[]
  | readonly number[]
  | readonly bigint[]
  | readonly Uint8Array[]

/** Runs statements. `$1`, `$2`, … in the SQL stand for the parameters. */
export interface Queries {
  query<Row>(sql: string, ...parameters: readonly Parameter[]): Promise<readonly Row[]>
}

/** The pool of connections, and transactions on it. Errors are those of the port. */
export class Database implements Queries, AsyncDisposable {
  readonly #pool: Pool

  constructor(pool: Pool) {
    this.#pool = pool
  }

  /** One statement, which is a transaction of its own. */
  query<Row>(sql: string, ...parameters: readonly Parameter[]): Promise<readonly Row[]> {
    return this.#run((client) => send<Row>(client, sql, parameters))
  }

  /** All statements of `work`, or none. It may run several times, so it must do nothing else. */
  transaction<T>(work: (tx: Queries) => Promise<T>): Promise<T> {
    return this.#run(async (client) => {
      await send(client, 'BEGIN')
      const result = await work({ query: (sql, ...parameters) => send(client, sql, parameters) })
      await send(client, 'COMMIT')
      return result
    })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#pool.end()
  }

  async #run<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(work)
      } catch (error) {
        if (!wasUndone(error) || attempt === ATTEMPTS) throw toPortError(error)
      }
      await sleep(Math.random() * 5 * 2 ** attempt)
    }
  }

  async #attempt<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#connect()
    let spoilt = false
    try {
      return await work(client)
    } catch (error) {
      spoilt = error instanceof EngineUnavailable || !(await rollBack(client))
      throw error
    } finally {
      client.release(spoilt)
    }
  }

  async #connect(): Promise<PoolClient> {
    try {
      return await this.#pool.connect()
    } catch (error) {
      throw lostConnection(error)
    }
  }
}

/** False when the connection is of no more use. */
async function rollBack(client: PoolClient): Promise<boolean> {
  try {
    await send(client, 'ROLLBACK')
    return true
  } catch {
    return false
  }
}

const names = new Map<string, string>()

/** Statements with parameters are prepared once per connection, under a name. All SQL is constant, so the names are few. */
function nameOf(sql: string): string {
  const name = names.get(sql) ?? `s${names.size + 1}`
  names.set(sql, name)
  return name
}

async function send<Row>(client: PoolClient, sql: string, parameters?: readonly Parameter[]): Promise<readonly Row[]> {
  const prepared = parameters === undefined ? {} : { name: nameOf(sql), values: parameters.map(toParameter) }
  try {
    const { rows } = await client.query({ text: sql, types: columnTypes, ...prepared })
    return rows as readonly Row[]
  } catch (error) {
    throw lostConnection(error)
  }
}

function toParameter(parameter: Parameter): unknown {
  if (typeof parameter === 'string') return toStored(parameter)
  if (Array.isArray(parameter)) return parameter.map(toParameter)
  return parameter
}

/** int8 becomes bigint, text becomes what was stored. */
const columnTypes: CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') => {
    if (oid === types.builtins.INT8) return BigInt
    if (oid === types.builtins.TEXT) return fromStored
    return types.getTypeParser(oid, format as 'text')
  },
}
