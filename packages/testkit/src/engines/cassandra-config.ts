import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface CassandraSettings {
  readonly folder: string
  readonly cqlPort: number
  readonly storagePort: number
  readonly commitlogSync: 'batch' | 'periodic'
}

/** Writes what a small node of its own needs into its folder. */
export async function writeCassandraConfig(settings: CassandraSettings): Promise<void> {
  const { folder } = settings
  for (const name of ['data', 'logs', 'tmp']) await mkdir(join(folder, name))
  await writeFile(join(folder, 'cassandra.yaml'), yaml(settings))
  await writeFile(join(folder, 'logback.xml'), LOGBACK)
}

const SYNC = { batch: 'commitlog_sync: batch', periodic: 'commitlog_sync: periodic\ncommitlog_sync_period: 10000ms' }

function yaml({ folder, cqlPort, storagePort, commitlogSync }: CassandraSettings): string {
  const data = join(folder, 'data')
  return `cluster_name: test
num_tokens: 1
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
listen_address: 127.0.0.1
rpc_address: 127.0.0.1
native_transport_port: ${cqlPort}
storage_port: ${storagePort}
endpoint_snitch: SimpleSnitch
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters:
      - seeds: "127.0.0.1:${storagePort}"
data_file_directories: [${data}/tables]
commitlog_directory: ${data}/commitlog
saved_caches_directory: ${data}/caches
hints_directory: ${data}/hints
cdc_raw_directory: ${data}/cdc
${SYNC[commitlogSync]}
commitlog_segment_size: 8MiB
commitlog_total_space: 256MiB
memtable_heap_space: 96MiB
memtable_offheap_space: 64MiB
file_cache_size: 32MiB
key_cache_size: 4MiB
networking_cache_size: 16MiB
concurrent_reads: 8
concurrent_writes: 32
concurrent_counter_writes: 2
concurrent_compactors: 1
memtable_flush_writers: 1
authenticator: AllowAllAuthenticator
authorizer: AllowAllAuthorizer
auto_snapshot: false
dynamic_snitch: false
read_request_timeout: 5s
write_request_timeout: 5s
cas_contention_timeout: 5s
request_timeout: 10s
`
}

const LOGBACK = `<configuration>
  <appender name="out" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%-5level %date{ISO8601} %logger{0} %msg%n</pattern></encoder>
  </appender>
  <root level="WARN"><appender-ref ref="out"/></root>
</configuration>
`
