import { z } from '@chat4all/base'
import type { TlsFiles } from '@chat4all/rpc'

/** The environment of the ports that clients reach. */
export const frontsEnv = {
  /** Origins whose scripts may call, separated by commas. */
  CHAT4ALL_CORS_ORIGINS: z
    .string()
    .default('')
    .transform((text) => text.split(',').filter((origin) => origin !== '')),
  /** The certificate of both ports with its chain, and its key, as PEM files. They are looked at every 5 seconds, and replaced without a restart. */
  CHAT4ALL_TLS_CERT: z.string().default(''),
  CHAT4ALL_TLS_KEY: z.string().default(''),
  /** Lets the ports speak in the clear at an address that is not this machine's own. For networks where something in front does TLS. */
  CHAT4ALL_ALLOW_PLAINTEXT: z.stringbool().default(false),
  /** Connections that one address may have open on each port. Behind a proxy that is the proxy's. */
  CHAT4ALL_MAX_CONNECTIONS_PER_ADDRESS: z.coerce.number().int().min(1).max(1_000_000).default(10_000),
  /** Minutes, give or take a tenth, after which a connection or a live stream makes room: clients come back at once, and so spread over gateways that joined. */
  CHAT4ALL_MAX_CONNECTION_AGE_MINUTES: z.coerce.number().int().min(1).max(100_000).default(120),
}

/** What every front needs to know. Throws when it would speak in the clear to the world without having been told to. */
export function frontsConfig(values: FrontsValues): FrontsConfig {
  const { CHAT4ALL_TLS_CERT: certFile, CHAT4ALL_TLS_KEY: keyFile, CHAT4ALL_HOST: host } = values
  if ((certFile === '') !== (keyFile === '')) throw new Error('CHAT4ALL_TLS_CERT and CHAT4ALL_TLS_KEY go together: set both, or neither')
  if (certFile === '' && !isLoopback(host) && !values.CHAT4ALL_ALLOW_PLAINTEXT)
    throw new Error(
      `CHAT4ALL_HOST=${host} would take tokens and messages in the clear: set CHAT4ALL_TLS_CERT and CHAT4ALL_TLS_KEY, or CHAT4ALL_ALLOW_PLAINTEXT=true if something in front does TLS`,
    )
  return {
    ...{ host, grpcPort: values.CHAT4ALL_GRPC_PORT, httpPort: values.CHAT4ALL_HTTP_PORT, corsOrigins: values.CHAT4ALL_CORS_ORIGINS },
    maxConnectionsPerAddress: values.CHAT4ALL_MAX_CONNECTIONS_PER_ADDRESS,
    maxConnectionAgeMinutes: values.CHAT4ALL_MAX_CONNECTION_AGE_MINUTES,
    ...(certFile === '' ? {} : { tls: { certFile, keyFile } }),
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

/** The ports that clients reach. */
export interface FrontsConfig {
  readonly host: string
  readonly grpcPort: number
  readonly httpPort: number
  readonly corsOrigins: readonly string[]
  readonly maxConnectionsPerAddress: number
  readonly maxConnectionAgeMinutes: number
  readonly tls?: TlsFiles
}

interface FrontsValues {
  readonly CHAT4ALL_HOST: string
  readonly CHAT4ALL_GRPC_PORT: number
  readonly CHAT4ALL_HTTP_PORT: number
  readonly CHAT4ALL_CORS_ORIGINS: readonly string[]
  readonly CHAT4ALL_TLS_CERT: string
  readonly CHAT4ALL_TLS_KEY: string
  readonly CHAT4ALL_ALLOW_PLAINTEXT: boolean
  readonly CHAT4ALL_MAX_CONNECTIONS_PER_ADDRESS: number
  readonly CHAT4ALL_MAX_CONNECTION_AGE_MINUTES: number
}
