import type { Partition } from '@chat4all/ports'
import type { CqlClient } from '../cql/client.ts'
import { asOf } from './timestamps.ts'

const REGISTER = 'INSERT INTO log_partitions (registry, log_partition) VALUES (?, ?)'
const REGISTERED = 'SELECT log_partition FROM log_partitions WHERE registry = ?'
const SETTLE = 'UPDATE progress USING TIMESTAMP ? SET settled = ? WHERE log_partition = ?'
const CHECKPOINT = 'UPDATE progress USING TIMESTAMP ? SET checkpoint = ? WHERE log_partition = ?'
const SETTLED = 'SELECT log_partition, settled FROM progress WHERE log_partition IN ?'

const REGISTRY = 'all'
/** ScyllaDB takes no more keys in one query. */
const IN_VALUES = 100

interface SettledColumns {
  readonly log_partition: Partition
  readonly settled: bigint | null
}

/** How far the partitions of the log are. Each number is written with itself as its timestamp, and so only rises. */
export class Progress {
  readonly #cql: CqlClient
  readonly #registered = new Set<Partition>()
  #known: readonly Partition[] = []

  constructor(cql: CqlClient) {
    this.#cql = cql
  }

  async settle(partition: Partition, through: bigint): Promise<void> {
    await this.#register(partition)
    await this.#cql.run(SETTLE, [asOf(through), through, partition])
  }

  /** One round trip, as long as no partition is new. */
  async settled(): Promise<ReadonlyMap<Partition, bigint>> {
    const known = this.#known
    const [partitions, settled] = await Promise.all([this.partitions(), this.#read(known)])
    const unread = partitions.filter((partition) => !known.includes(partition))
    this.#known = partitions
    return new Map([...settled, ...(await this.#read(unread))])
  }

  /** All partitions of which something was applied. */
  async partitions(): Promise<Partition[]> {
    return (await this.#cql.rows<{ readonly log_partition: Partition }>(REGISTERED, [REGISTRY])).map((row) => row.log_partition)
  }

  async checkpoint(partition: Partition): Promise<bigint> {
    const query = 'SELECT checkpoint FROM progress WHERE log_partition = ?'
    return (await this.#cql.row<{ readonly checkpoint: bigint | null }>(query, [partition]))?.checkpoint ?? 0n
  }

  async setCheckpoint(partition: Partition, through: bigint): Promise<void> {
    await this.#cql.run(CHECKPOINT, [asOf(through), through, partition])
  }

  async #register(partition: Partition): Promise<void> {
    if (this.#registered.has(partition)) return
    await this.#cql.run(REGISTER, [REGISTRY, partition])
    this.#registered.add(partition)
  }

  async #read(partitions: readonly Partition[]): Promise<(readonly [Partition, bigint])[]> {
    const chunks = Array.from({ length: Math.ceil(partitions.length / IN_VALUES) }, (_, i) =>
      partitions.slice(i * IN_VALUES, (i + 1) * IN_VALUES),
    )
    const rows = await Promise.all(chunks.map((chunk) => this.#cql.rows<SettledColumns>(SETTLED, [chunk])))
    return rows.flat().flatMap(({ log_partition, settled }) => (settled === null ? [] : [[log_partition, settled] as const]))
  }
}
