/** The same metadata always becomes the same text, so that equal rows can be told by comparing columns. */
export function metadataText(metadata: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.fromEntries(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1))))
}

export function parseMetadata(text: string): Readonly<Record<string, string>> {
  return JSON.parse(text) as Record<string, string>
}

/** `{ [name]: value }`, or nothing for NULL: absent fields stay absent. */
export function optional<K extends string, V>(name: K, value: V | null): { readonly [P in K]?: V } {
  return (value === null ? {} : { [name]: value }) as { readonly [P in K]?: V }
}

/** The same for a time. */
export function optionalTime<K extends string>(name: K, value: bigint | null): { readonly [P in K]?: number } {
  return optional(name, value === null ? null : Number(value))
}

/** A plain copy: the driver's holds on to the whole packet that it came in. */
export function bytes(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer)
}

/** Rows in the order of the ids that asked for them; ids without a row are left out. */
export function inOrder<Row>(ids: readonly string[], rows: readonly Row[], idOf: (row: Row) => string): readonly Row[] {
  const byId = new Map(rows.map((row) => [idOf(row), row]))
  return ids.flatMap((id) => byId.get(id) ?? [])
}

/** One item for each id, the last one given, by id. Writers that lock rows in one order never wait for each other in a circle. */
export function lastOfEach<T extends { readonly userId: string }>(items: readonly T[]): readonly T[] {
  const byId = new Map(items.map((item) => [item.userId, item]))
  return [...byId.values()].sort((a, b) => (a.userId < b.userId ? -1 : 1))
}
