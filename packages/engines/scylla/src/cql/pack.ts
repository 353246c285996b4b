import type { Statement } from './statement.ts'

/** A batch on one partition beyond this only costs: a node refuses mutations of some MiB, ScyllaDB batches above 1 MiB. */
const ONE_PARTITION = { statements: 100, bytes: 256 * 1024 }
/** A batch on several partitions saves requests, which cost a node more than what they write. It stays small, since the node that gets it passes on what others hold, and Cassandra refuses one above 50 KiB. */
const SEVERAL_PARTITIONS = { statements: 100, bytes: 32 * 1024 }

interface Limits {
  readonly statements: number
  readonly bytes: number
}

/** Cuts statements on one partition into requests. */
export function splitUp(statements: readonly Statement[]): Statement[][] {
  return pack(
    statements.map((statement) => [statement]),
    ONE_PARTITION,
  )
}

/** Puts groups of statements into requests. A group that is too large for the others goes alone. */
export function packTogether(groups: readonly (readonly Statement[])[]): Statement[][] {
  return pack(
    groups.filter((group) => group.length > 0),
    SEVERAL_PARTITIONS,
  )
}

function pack(groups: readonly (readonly Statement[])[], limits: Limits): Statement[][] {
  const requests: Statement[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const group of groups) {
    const size = group.reduce((sum, statement) => sum + sizeOf(statement), 0)
    const last = requests.at(-1)
    if (last === undefined || last.length + group.length > limits.statements || bytes + size > limits.bytes) {
      requests.push([...group])
      bytes = size
    } else {
      last.push(...group)
      bytes += size
    }
  }
  return requests
}

/** About what the row takes: names of columns are not in it, ids are. */
function sizeOf({ params }: Statement): number {
  return params.reduce<number>((sum, value) => sum + (value instanceof Uint8Array ? value.byteLength : 32), 0)
}
