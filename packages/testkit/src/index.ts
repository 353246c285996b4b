export { hashText, makeText } from './body.ts'
export { browserMissing, findBrowser } from './browser.ts'
export { check } from './checker.ts'
export { type EngineName, engineMissing } from './engines/catalogue.ts'
export { type CqlOptions, CqlServer } from './engines/cql-server.ts'
export { EngineProcess } from './engines/engine-process.ts'
export { type NatsOptions, NatsServers } from './engines/nats-servers.ts'
export { PostgresServer } from './engines/postgres-server.ts'
export { S3Server } from './engines/s3-server.ts'
export { RawClient, RpcFailure } from './grpc-client.ts'
export {
  type Evidence,
  History,
  type HistoryRecord,
  type Outcome,
  type Reading,
  type ReceivedRecord,
  type SendRecord,
  type StoredRow,
  type Subscription,
} from './history.ts'
export { Load, type LoadOptions } from './load.ts'
export { Member, type MemberState } from './mesh/member.ts'
export { Mesh, type MeshOptions, type Ports } from './mesh/mesh.ts'
export { seededRandom } from './model.ts'
export { Receiver } from './receiver.ts'
export { Sender } from './sender.ts'
export { type ServerOptions, TestServer } from './server.ts'
export { readThroughApi } from './stores/api.ts'
export { readThroughCql } from './stores/cql.ts'
export { readThroughSql, storeFile } from './stores/sqlite.ts'
export type { Credentials, System } from './system.ts'
export type { Shape } from './tcp-lane.ts'
export { TcpProxy } from './tcp-proxy.ts'
export type { Property, Violation } from './violation.ts'
export { waitUntil } from './wait.ts'
export { type Waits, waitsOf } from './waits.ts'
