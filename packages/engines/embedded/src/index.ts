export { SqliteDirectory } from './directory.ts'
export { SqliteMessageStore } from './message-store.ts'
export { type EmbeddedEngines, openEmbeddedEngines } from './open.ts'
