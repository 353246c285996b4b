import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { engineFolder } from './catalogue.ts'
import { type Java, requireJava } from './java.ts'

/** Parts of Java 17 that Cassandra reaches into. */
const EXPORTS = [
  'java.base/jdk.internal.misc',
  'java.base/java.lang.ref',
  'java.management.rmi/com.sun.jmx.remote.internal.rmi',
  'java.rmi/sun.rmi.registry',
  'java.rmi/sun.rmi.server',
  'java.sql/java.sql',
  'jdk.attach/sun.tools.attach',
  'jdk.unsupported/sun.misc',
]
const OPENS = [
  'java.base/java.io',
  'java.base/java.lang',
  'java.base/java.lang.module',
  'java.base/java.lang.reflect',
  'java.base/java.util',
  'java.base/java.util.concurrent',
  'java.base/jdk.internal.loader',
  'java.base/jdk.internal.math',
  'java.base/jdk.internal.module',
  'java.base/jdk.internal.ref',
  'java.base/jdk.internal.reflect',
  'java.base/jdk.internal.util.jar',
  'java.base/sun.nio.ch',
  'jdk.management/com.sun.management.internal',
]

/** A single node has nobody to wait for. */
const ALONE = {
  auto_bootstrap: false,
  'consistent.rangemovement': false,
  gossip_settle_min_wait_ms: 0,
  ring_delay_ms: 100,
  shutdown_announce_in_ms: 0,
  skip_wait_for_gossip_to_settle: 0,
  superuser_setup_delay_ms: 0,
}

/** The command that runs a node whose configuration is in the folder. */
export function cassandraCommand(folder: string): [string, ...string[]] {
  const java = requireJava()
  return [
    ...withoutMemoryLock(),
    java.path,
    ...EXPORTS.flatMap((name) => ['--add-exports', `${name}=ALL-UNNAMED`]),
    ...OPENS.flatMap((name) => ['--add-opens', `${name}=ALL-UNNAMED`]),
    ...virtualMachine(java),
    ...properties(folder),
    '-cp',
    join(engineFolder('cassandra'), 'lib/*'),
    'org.apache.cassandra.service.CassandraDaemon',
  ] as unknown as [string, ...string[]]
}

/** The classes as Java has loaded them once on this machine: a node starts in half the time. `make engines` has it written. */
export function classArchive(java: Java): string {
  return join(engineFolder('cassandra'), `classes-${java.version}.jsa`)
}

function virtualMachine(java: Java): string[] {
  const archive = classArchive(java)
  return [
    ...['-Xms512M', '-Xmx512M', '-Xss512k', '-XX:MaxDirectMemorySize=256M', '-XX:+UseSerialGC'],
    // A node of tests lives for minutes on a few CPUs. Measured under load there: the second compiler takes up to 40 % of
    // the node's CPU, more than its code saves, and G1 20 % more than the serial collector.
    '-XX:TieredStopAtLevel=1',
    ...['-XX:+ExitOnOutOfMemoryError', '-XX:-UsePerfData', '-Xlog:disable', '-Xlog:all=error:stderr'],
    ...['-XX:+UnlockDiagnosticVMOptions', '-XX:+AllowArchivingWithJavaAgent', '-Xshare:auto'],
    ...(existsSync(archive) ? [`-XX:SharedArchiveFile=${archive}`] : []),
    // It measures the memory that objects take.
    `-javaagent:${join(engineFolder('cassandra'), 'agent/jamm.jar')}`,
  ]
}

function properties(folder: string): string[] {
  const cassandra = {
    ...ALONE,
    config: `file://${join(folder, 'cassandra.yaml')}`,
    logdir: join(folder, 'logs'),
    storagedir: join(folder, 'data'),
  }
  const other = {
    'cassandra-foreground': 'yes',
    'io.netty.tryReflectionSetAccessible': true,
    'java.io.tmpdir': join(folder, 'tmp'),
    'java.net.preferIPv4Stack': true,
    'jdk.attach.allowAttachSelf': true,
    'jna.tmpdir': join(folder, 'tmp'),
    'logback.configurationFile': join(folder, 'logback.xml'),
  }
  return [
    ...Object.entries(cassandra).map(([name, value]) => `-Dcassandra.${name}=${value}`),
    ...Object.entries(other).map(([name, value]) => `-D${name}=${value}`),
  ]
}

/** As root it would lock all of its heap in memory, used or not (940 instead of 530 MB). */
function withoutMemoryLock(): string[] {
  const onPath = (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'setpriv')))
  return process.getuid?.() === 0 && onPath ? ['setpriv', '--bounding-set=-ipc_lock', '--inh-caps=-ipc_lock'] : []
}
