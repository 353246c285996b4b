/** Exits 0 when the service in this container is ready to serve. */
import { get as getInTheClear } from 'node:http'
import { get as getByTls } from 'node:https'

const { CHAT4ALL_HTTP_PORT: port = '8080', CHAT4ALL_TLS_CERT: tls = '' } = process.env
const get = tls === '' ? getInTheClear : getByTls
// It asks itself: whose certificate it is does not matter.
const asked = get({ host: '127.0.0.1', port, path: '/readyz', rejectUnauthorized: false, timeout: 2_500 }, ({ statusCode }) => {
  process.exit(statusCode === 200 ? 0 : 1)
})
asked.on('timeout', () => process.exit(1))
asked.on('error', () => process.exit(1))
