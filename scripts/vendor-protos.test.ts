import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fromBinary, toJson } from '@bufbuild/protobuf'
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { file_buf_validate_validate } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js'
import { expect, it } from 'vitest'
import { run } from './lib/run.ts'
import { withTempDir } from './lib/temp.ts'

/** The descriptor that buf builds from the vendored text. */
function buildVendored(): Promise<FileDescriptorProto | undefined> {
  return withTempDir(async (dir) => {
    const image = join(dir, 'image.binpb')
    const built = await run('buf', ['build', 'third_party/protovalidate', '--as-file-descriptor-set', '--exclude-source-info', '-o', image])
    expect(built).toEqual({ ok: true, output: '' })
    const { file } = fromBinary(FileDescriptorSetSchema, await readFile(image))
    return file.find(({ name }) => name === 'buf/validate/validate.proto')
  })
}

it('builds validate.proto to the descriptor that the validator uses', async () => {
  const vendored = await buildVendored()
  expect(vendored?.messageType.length).toBeGreaterThan(20)
  expect(toJson(FileDescriptorProtoSchema, vendored!)).toEqual(toJson(FileDescriptorProtoSchema, file_buf_validate_validate.proto))
})
