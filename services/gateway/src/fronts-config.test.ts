import { expect, test } from 'vitest'
import { frontsConfig } from './fronts-config.ts'

const values = {
  CHAT4ALL_HOST: '127.0.0.1',
  CHAT4ALL_GRPC_PORT: 9090,
  CHAT4ALL_HTTP_PORT: 8080,
  CHAT4ALL_CORS_ORIGINS: [],
  CHAT4ALL_TLS_CERT: '',
  CHAT4ALL_TLS_KEY: '',
  CHAT4ALL_ALLOW_PLAINTEXT: false,
  CHAT4ALL_MAX_CONNECTIONS_PER_ADDRESS: 100,
  CHAT4ALL_MAX_CONNECTION_AGE_MINUTES: 10,
}

test.each(['127.0.0.1', '127.8.8.8', 'localhost', '::1'])('speaks in the clear at %s', (host) => {
  expect(frontsConfig({ ...values, CHAT4ALL_HOST: host })).toEqual({
    ...{ host, grpcPort: 9090, httpPort: 8080 },
    corsOrigins: [],
    maxConnectionsPerAddress: 100,
    maxConnectionAgeMinutes: 10,
  })
})

test.each(['0.0.0.0', '::', '10.0.0.1', 'chat.example', '127.evil.example'])('does not at %s, unless it is told to', (host) => {
  expect(() => frontsConfig({ ...values, CHAT4ALL_HOST: host })).toThrow('in the clear')
  expect(frontsConfig({ ...values, CHAT4ALL_HOST: host, CHAT4ALL_ALLOW_PLAINTEXT: true })).toMatchObject({ host })
  const tls = { CHAT4ALL_TLS_CERT: 'tls.crt', CHAT4ALL_TLS_KEY: 'tls.key' }
  expect(frontsConfig({ ...values, ...tls, CHAT4ALL_HOST: host })).toMatchObject({ tls: { certFile: 'tls.crt', keyFile: 'tls.key' } })
})

test('wants a key with a certificate, and the other way round', () => {
  expect(() => frontsConfig({ ...values, CHAT4ALL_TLS_CERT: 'tls.crt' })).toThrow('go together')
  expect(() => frontsConfig({ ...values, CHAT4ALL_TLS_KEY: 'tls.key' })).toThrow('go together')
})
