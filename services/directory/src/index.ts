export { bootstrap, type Credentials } from './bootstrap.ts'
export { type DirectoryConfig, directoryConfig, directoryEnv } from './config.ts'
export type { DirectoryDeps } from './deps.ts'
export { createDirectoryService, type DirectoryService } from './service.ts'
