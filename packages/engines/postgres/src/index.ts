export { openPostgresDirectory, type PostgresDirectoryOptions } from './open.ts'
