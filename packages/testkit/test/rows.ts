import { CreateBucketCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { Client } from 'cassandra-driver'
import pg from 'pg'
import type { CqlServer, NatsServers, PostgresServer, S3Server } from '../src/index.ts'

/** Something that keeps short texts. Each call uses a connection of its own. */
export interface Rows {
  add(text: string): Promise<void>
  all(): Promise<string[]>
}

export function rowsInPostgres({ url }: Pick<PostgresServer, 'url'>): Rows {
  const query = async (sql: string, values: readonly string[] = []) => {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 })
    client.on('error', () => {})
    await client.connect()
    try {
      return await client.query(sql, [...values])
    } finally {
      await client.end()
    }
  }
  return {
    add: async (text) => {
      await query('CREATE TABLE IF NOT EXISTS rows (text text)')
      await query('INSERT INTO rows VALUES ($1)', [text])
    },
    all: async () => (await query('SELECT text FROM rows')).rows.map((row) => row.text),
  }
}

export function rowsInCql({ contactPoint, localDataCenter }: CqlServer): Rows {
  const execute = async (cql: string, values: readonly string[] = []) => {
    const socketOptions = { connectTimeout: 2000, readTimeout: 10_000 }
    const client = new Client({ contactPoints: [contactPoint], localDataCenter, socketOptions })
    try {
      return await client.execute(cql, [...values])
    } finally {
      await client.shutdown()
    }
  }
  return {
    add: async (text) => {
      await execute("CREATE KEYSPACE IF NOT EXISTS k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}")
      await execute('CREATE TABLE IF NOT EXISTS k.rows (text text PRIMARY KEY)')
      await execute('INSERT INTO k.rows (text) VALUES (?)', [text])
    },
    all: async () => (await execute('SELECT text FROM k.rows')).rows.map((row) => row.text),
  }
}

export function rowsInNats({ urls }: NatsServers): Rows {
  const withConnection = async <T>(use: (connection: Awaited<ReturnType<typeof connect>>) => Promise<T>) => {
    const connection = await connect({ servers: [...urls], timeout: 2000, reconnect: false })
    try {
      return await use(connection)
    } finally {
      await connection.close()
    }
  }
  return {
    add: (text) =>
      withConnection(async (connection) => {
        const manager = await jetstreamManager(connection)
        await manager.streams.add({ name: 'ROWS', subjects: ['rows'], num_replicas: urls.length })
        await jetstream(connection).publish('rows', text)
      }),
    all: () =>
      withConnection(async (connection) => {
        const manager = await jetstreamManager(connection)
        const { state } = await manager.streams.info('ROWS')
        const texts: string[] = []
        for (let seq = state.first_seq; seq <= state.last_seq; seq++)
          texts.push((await manager.streams.getMessage('ROWS', { seq }))!.string())
        return texts
      }),
  }
}

export function rowsInS3({ endpoint, region, accessKeyId, secretAccessKey }: S3Server): Rows {
  const withClient = async <T>(use: (client: S3Client) => Promise<T>) => {
    const client = new S3Client({ endpoint, region, credentials: { accessKeyId, secretAccessKey }, forcePathStyle: true, maxAttempts: 1 })
    try {
      return await use(client)
    } finally {
      client.destroy()
    }
  }
  return {
    add: (text) =>
      withClient(async (client) => {
        await client.send(new CreateBucketCommand({ Bucket: 'rows' }))
        await client.send(new PutObjectCommand({ Bucket: 'rows', Key: text, Body: text }))
      }),
    all: () =>
      withClient(async (client) => {
        const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: 'rows' }))
        return Contents.map(({ Key }) => Key!)
      }),
  }
}
