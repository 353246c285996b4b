import type { RawClient } from './grpc-client.ts'
import type { Reading } from './history.ts'

/** The first API client's. */
export interface Credentials {
  readonly tenant_id: string
  readonly client_id: string
  readonly client_secret: string
}

/** What tests call: the server in one process, or the services apart. */
export interface System extends AsyncDisposable {
  /** Of its gRPC front, as grpc-js takes it. */
  readonly address: string
  /** Of one gRPC front, at 127.0.0.1. */
  readonly grpcPort: number
  /** Of a front for everything else, at 127.0.0.1. */
  readonly httpPort: number
  readonly credentials: Credentials
  /** False as soon as one of its processes has ended. */
  readonly running: boolean
  /** What runs, and the end of the log, for people. */
  readonly state: string
  /** All log lines so far. */
  readonly log: string

  /** Of the front that the nth client shall use; where there are several, the others stand behind it. */
  addressFor(n: number): string

  /** A client that acts as an API client. Default: the first one. */
  apiClient(credentials?: Omit<Credentials, 'tenant_id'>): Promise<RawClient>

  /** Ends all that runs code of ours as a power switch would. */
  kill(): Promise<void>

  /** Asks the same to stop. Returns the exit code, the worst one if there are several. */
  terminate(): Promise<number | null>

  /** Starts it again on the same ports and data. Returns the milliseconds until it was ready. */
  restart(): Promise<number>

  /** What the message store holds of every conversation, read without the code that wrote it. */
  readStore(): Promise<Reading[]>

  /** Makes every stored change of a conversation this many days older. The system must stand still. */
  ageChanges(days: number): Promise<void>

  /** Rows of the directory's database. */
  queryDirectory<Row>(sql: string): Promise<Row[]>
}
