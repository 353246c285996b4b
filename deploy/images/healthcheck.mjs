/** Exits 0 when the service in this container is ready to serve. */
const port = process.env.CHAT4ALL_HTTP_PORT || '8080'
const answer = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(2_500) }).catch(() => undefined)
process.exitCode = answer?.ok ? 0 : 1
