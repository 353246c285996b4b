import { decodePageToken, encodePageToken, type PageQuery, z } from '@chat4all/base'

const DEFAULT_PAGE_SIZE = 100

/** A request for one page of a listing that is sorted by id. */
interface PageRequest {
  readonly pageSize: number
  readonly pageToken: string
}

/** Reads one page. One row more than asked for says whether there is another page. Throws TOKEN_MISMATCH. */
export async function readPage<Row>(
  request: PageRequest,
  query: PageQuery,
  idOf: (row: Row) => string,
  read: (after: string, limit: number) => Promise<readonly Row[]>,
): Promise<{ readonly rows: readonly Row[]; readonly nextPageToken: string }> {
  const size = request.pageSize === 0 ? DEFAULT_PAGE_SIZE : request.pageSize
  const after = decodePageToken(request.pageToken, query, z.string()) ?? ''
  const rows = await read(after, size + 1)
  const page = rows.slice(0, size)
  const nextPageToken = rows.length > size ? encodePageToken(query, idOf(page.at(-1)!)) : ''
  return { rows: page, nextPageToken }
}
