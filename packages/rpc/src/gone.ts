import type { ServerResponse } from 'node:http'
import type { Http2ServerResponse } from 'node:http2'

/** Whether the caller of a request went away. */
export function isGone(response: ServerResponse | Http2ServerResponse): boolean {
  return 'stream' in response ? response.stream === undefined || response.stream.destroyed : response.destroyed
}
