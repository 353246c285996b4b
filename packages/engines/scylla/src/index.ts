export { openScyllaMessageStore, type ScyllaOptions } from './message-store.ts'
