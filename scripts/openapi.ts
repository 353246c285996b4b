/** Writes the OpenAPI document of the public services: `scripts/node scripts/openapi.ts <descriptors> <target>`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { createFileRegistry, fromBinary } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { openApiDocument } from '../packages/rpc/src/openapi/index.ts'
import { examples } from './openapi/examples.ts'
import { info } from './openapi/info.ts'
import { otherPaths, otherTags } from './openapi/other-paths.ts'

const SERVICES = ['Auth', 'User', 'Conversation', 'Message', 'Receipt', 'Live', 'Sync', 'Admin']

const [descriptors, target] = process.argv.slice(2)
if (descriptors === undefined || target === undefined) throw new Error('two files are needed: the descriptors, and the target')
const document = openApiDocument({
  registry: createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(descriptors))),
  services: SERVICES.map((name) => `chat4all.v1.${name}Service`),
  info,
  examples,
  otherPaths,
  otherTags,
})
writeFileSync(target, `${JSON.stringify(document, undefined, 1)}\n`)
