export { type DirectoryFixture, directoryConformance } from './directory.ts'
export { messageStoreConformance } from './message-store.ts'
