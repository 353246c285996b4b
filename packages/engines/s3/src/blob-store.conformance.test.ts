import { blobStoreConformance } from '@chat4all/ports/conformance'
import { engineMissing, S3Server } from '@chat4all/testkit'
import { afterAll, it } from 'vitest'
import { openS3BlobStore } from './index.ts'

const missing = engineMissing('s3')
if (missing) {
  it('keeps the contract of BlobStore', ({ skip }) => skip(missing))
} else {
  const server = await S3Server.start()
  const { endpoint, region, accessKeyId, secretAccessKey } = server
  blobStoreConformance('S3', {
    open: () => openS3BlobStore({ endpoint, region, bucket: 'blobs', credentials: { accessKeyId, secretAccessKey } }),
  })
  afterAll(() => server[Symbol.asyncDispose]())
}
