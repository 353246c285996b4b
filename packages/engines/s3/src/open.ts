import { CreateBucketCommand, HeadBucketCommand, type S3Client } from '@aws-sdk/client-s3'
import type { BlobStore } from '@chat4all/ports'
import { S3BlobStore } from './blob-store.ts'
import { call } from './calls.ts'
import { openClients, type S3Options } from './client.ts'
import { isRefusal } from './errors.ts'

/** Opens the store in a bucket, which is created if it does not exist.
 *  Throws `EngineUnavailable` when the server is not there. */
export async function openS3BlobStore(options: S3Options): Promise<BlobStore> {
  using opening = new DisposableStack()
  const clients = opening.use(openClients(options))
  await requireBucket(clients.calls, options)
  opening.move()
  return new S3BlobStore(clients, options.bucket)
}

async function requireBucket(client: S3Client, options: S3Options): Promise<void> {
  try {
    await call(undefined, (http) => client.send(new HeadBucketCommand({ Bucket: options.bucket }), http))
  } catch (error) {
    if (!isRefusal(error, 'NotFound', 'NoSuchBucket')) throw error
    await createBucket(client, options)
  }
}

/** Another process may create it at the same time. */
async function createBucket(client: S3Client, { bucket, region, endpoint }: S3Options): Promise<void> {
  // Amazon wants to be told the region, unless it is its first.
  const place =
    endpoint === undefined && region !== 'us-east-1' ? { CreateBucketConfiguration: { LocationConstraint: region as 'eu-west-1' } } : {}
  try {
    await call(undefined, (http) => client.send(new CreateBucketCommand({ Bucket: bucket, ...place }), http))
  } catch (error) {
    if (!isRefusal(error, 'BucketAlreadyOwnedByYou')) throw error
  }
}
