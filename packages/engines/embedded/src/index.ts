export { SqliteDirectory } from './directory.ts'
