export { bootstrap, type Credentials } from './bootstrap.ts'
export { type DirectoryConfig, readDirectoryConfig } from './config.ts'
export type { DirectoryDeps } from './deps.ts'
export {
  type AdminHandlers,
  type AuthHandlers,
  adminHandlers,
  authHandlers,
  type ConversationHandlers,
  conversationHandlers,
  type InternalHandlers,
  internalHandlers,
  type UserHandlers,
  userHandlers,
} from './routes.ts'
export { createDirectoryService, type DirectoryService } from './service.ts'
