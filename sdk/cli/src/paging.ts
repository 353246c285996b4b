/** All items of a paged list, read as they are needed. */
export async function* paged<T>(
  read: (pageToken: string) => Promise<{ readonly items: readonly T[]; readonly nextPageToken: string }>,
): AsyncGenerator<T> {
  let pageToken = ''
  do {
    const page = await read(pageToken)
    yield* page.items
    pageToken = page.nextPageToken
  } while (pageToken)
}

/** The first items of a list. */
export async function* limited<T>(count: number, items: AsyncIterable<T>): AsyncGenerator<T> {
  let left = count
  if (left === 0) return
  for await (const item of items) {
    yield item
    if (--left === 0) return
  }
}
