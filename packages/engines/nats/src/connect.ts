import { connect, type NatsConnection } from '@nats-io/transport-node'

/** The defaults of the client that a server has to change: it gives up after ten attempts, and takes four minutes to notice a half-open socket. */
const OPTIONS = {
  maxReconnectAttempts: -1,
  reconnectTimeWait: 250,
  reconnectJitter: 250,
  pingInterval: 5_000,
  maxPingOut: 2,
  noAsyncTraces: true,
}

/** A connection that comes back by itself for as long as it is not closed. `name` is what the server's monitoring shows. */
export function connectNats(servers: readonly string[], name: string): Promise<NatsConnection> {
  return connect({ ...OPTIONS, servers: [...servers], name })
}
