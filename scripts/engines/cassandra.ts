import { existsSync } from 'node:fs'
import { copyFile, glob, mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { classArchive } from '../../packages/testkit/src/engines/cassandra-command.ts'
import { ENGINES } from '../../packages/testkit/src/engines/catalogue.ts'
import { CqlServer } from '../../packages/testkit/src/engines/cql-server.ts'
import { findJava, requireJava } from '../../packages/testkit/src/engines/java.ts'
import { run, runOrThrow } from '../lib/run.ts'
import type { Recipe } from './recipe.ts'

const { version } = ENGINES.cassandra

const COPY_DEPENDENCIES = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies'

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId>
  <artifactId>cassandra-node</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.cassandra</groupId>
      <artifactId>cassandra-all</artifactId>
      <version>${version}</version>
    </dependency>
  </dependencies>
</project>
`

/** Cassandra as Maven publishes it: jars, without scripts and settings. */
export const cassandra: Recipe = {
  name: 'cassandra',
  lacks: async () => {
    if (findJava() === undefined) return 'Java 17 is not installed: see https://adoptium.net, or set JAVA_HOME'
    return (await run('mvn', ['--version'])).ok ? undefined : 'Maven is not installed: see https://maven.apache.org/install.html'
  },
  advice: 'Maven gets jars: see that it reaches a server (~/.m2/settings.xml). If it is the start that failed, see `java -version`.',
  bring: async (folder) => {
    const pom = join(folder, 'pom.xml')
    await writeFile(pom, POM)
    await runOrThrow('mvn', ['-q', '-B', '-ntp', '-f', pom, COPY_DEPENDENCIES, `-DoutputDirectory=${folder}/lib`, '-DincludeScope=runtime'])
    await mkdir(join(folder, 'agent'))
    for await (const jar of glob(join(folder, 'lib/jamm-*.jar'))) await copyFile(jar, join(folder, 'agent/jamm.jar'))
  },
  versionIn: async (folder) => {
    for await (const jar of glob(join(folder, 'lib/cassandra-all-*.jar'))) return jar.match(/-all-(.+)\.jar$/)![1]!
    throw new Error('there is no cassandra-all.jar')
  },
  tune: archiveClasses,
}

/** Runs a node once, so that Java writes the classes that it loaded as it ends. The archive fits this Java and these paths alone. */
async function archiveClasses(): Promise<void> {
  const archive = classArchive(requireJava())
  if (existsSync(archive)) return
  const unfinished = `${archive}.${process.pid}`
  process.env.JDK_JAVA_OPTIONS = `-XX:ArchiveClassesAtExit=${unfinished}`
  await using server = await CqlServer.start()
  await server.node.stop()
  delete process.env.JDK_JAVA_OPTIONS
  await rename(unfinished, archive)
}
