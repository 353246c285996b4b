export { type DirectoryFixture, directoryConformance } from './directory.ts'
