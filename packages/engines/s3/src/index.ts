export type { S3Options } from './client.ts'
export { openS3BlobStore } from './open.ts'
