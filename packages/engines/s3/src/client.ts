import { S3Client } from '@aws-sdk/client-s3'

/** For a connection. */
const CONNECT_MS = 3_000
/** For an answer to a request without content. */
const ANSWER_MS = 5_000
/** Without a byte in either direction. */
const SILENCE_MS = 30_000
/** Servers put the parts of an upload together at seconds per GB, some without a word in between. */
const COMPLETE_MS = 15 * 60_000
/** Each download holds one. Beyond it, calls wait, and fail when they have waited for CONNECT_MS. */
const MAX_CONNECTIONS = 1000

export interface S3Options {
  /** `http://host:port`. Absent: Amazon's for the region. */
  readonly endpoint?: string
  readonly region: string
  readonly bucket: string
  /** Absent: from where the AWS SDK looks for them (environment, files, the machine's role). */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
  /** `endpoint/bucket/key` instead of `bucket.endpoint/key`. Most servers but Amazon's need it: that is the default when there is an endpoint. */
  readonly forcePathStyle?: boolean
}

/** Clients that differ in what their calls need. */
export interface S3Clients extends Disposable {
  /** For calls that send no content. */
  readonly calls: S3Client
  /** For those that do: a connection for each. Some servers leave the end of framed content unread, and take it for the next request. */
  readonly content: S3Client
  /** For what takes long. */
  readonly patient: S3Client
}

export function openClients(options: S3Options): S3Clients {
  const calls = newClient(options, { answerMs: ANSWER_MS, silenceMs: SILENCE_MS, attempts: 2, keepAlive: true })
  const content = newClient(options, { answerMs: 0, silenceMs: SILENCE_MS, attempts: 1, keepAlive: false })
  const patient = newClient(options, { answerMs: 0, silenceMs: COMPLETE_MS, attempts: 1, keepAlive: false })
  return {
    calls,
    content,
    patient,
    [Symbol.dispose]() {
      for (const client of [calls, content, patient]) client.destroy()
    },
  }
}

/** The caller gets every error: the SDK need not print them too. */
const SILENT = { debug() {}, info() {}, warn() {}, error() {} }

interface Manner {
  /** 0: as long as it takes, unless there is silence. */
  readonly answerMs: number
  readonly silenceMs: number
  readonly attempts: number
  readonly keepAlive: boolean
}

function newClient(options: S3Options, { answerMs, silenceMs, attempts, keepAlive }: Manner): S3Client {
  const { endpoint, region, credentials, forcePathStyle = endpoint !== undefined } = options
  const agent = { keepAlive, maxSockets: MAX_CONNECTIONS }
  return new S3Client({
    region,
    forcePathStyle,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials ? { credentials } : {}),
    maxAttempts: attempts,
    logger: SILENT,
    // Some servers can't take checksums that are not asked for. Content is sent with one: see CONTENT_CHECK.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // Servers that never say "continue" would hold up every call that sends content.
    expectContinueHeader: false,
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      requestTimeout: answerMs,
      throwOnRequestTimeout: true,
      socketTimeout: silenceMs,
      httpAgent: agent,
      httpsAgent: agent,
    },
  })
}
