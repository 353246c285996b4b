/** Fetches the contracts by others that ours build on, from npm packages: those registries are within everybody's reach. */
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { file_buf_validate_validate } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js'
import { printProto } from './lib/print-proto.ts'
import { root, run } from './lib/run.ts'
import { withTempDir } from './lib/temp.ts'

interface Source {
  readonly package: string
  /** Where the package has them. */
  readonly from: string
  /** Where they go. */
  readonly to: string
  readonly files: readonly string[]
}

const SOURCES: readonly Source[] = [
  {
    package: 'google-gax@5.0.8',
    from: 'build/protos/google',
    to: 'third_party/googleapis/google',
    files: [
      'api/annotations.proto',
      'api/field_behavior.proto',
      'api/http.proto',
      'api/httpbody.proto',
      'rpc/code.proto',
      'rpc/error_details.proto',
      'rpc/status.proto',
    ],
  },
  {
    package: '@grpc/reflection@1.0.4',
    from: 'build/proto/grpc',
    to: 'third_party/grpc/grpc',
    files: ['reflection/v1/reflection.proto', 'reflection/v1alpha/reflection.proto'],
  },
  { package: 'grpc-health-check@2.1.0', from: 'proto', to: 'third_party/grpc/grpc', files: ['health/v1/health.proto'] },
]

async function vendor(source: Source): Promise<void> {
  await withTempDir(async (dir) => {
    await must('npm', ['pack', source.package, '--silent', '--pack-destination', dir])
    await must('sh', ['-c', 'tar -xzf *.tgz'], dir)
    for (const file of source.files) {
      const target = join(root, source.to, file)
      await mkdir(dirname(target), { recursive: true })
      await copyFile(join(dir, 'package', source.from, file), target)
    }
  })
  console.log(`${source.to}: ${source.files.length} files from ${source.package}`)
}

/** No package carries validate.proto as text; protovalidate carries its descriptor, from which it is printed. */
async function vendorValidate(): Promise<void> {
  const target = join(root, 'third_party/protovalidate/buf/validate/validate.proto')
  const version = await versionOf('@bufbuild/protovalidate')
  const header = [
    '// Copyright 2023-2026 Buf Technologies, Inc. Licensed under the Apache License, Version 2.0.',
    `// Printed from the descriptor in the npm package @bufbuild/protovalidate ${version}.`,
  ]
  await writeFile(target, `${header.join('\n')}\n${printProto(file_buf_validate_validate)}`)
  await must('buf', ['format', '--write', target])
  console.log(`third_party/protovalidate: 1 file from @bufbuild/protovalidate@${version}`)
}

async function versionOf(name: string): Promise<string> {
  const manifest = JSON.parse(await readFile(join(root, 'node_modules', name, 'package.json'), 'utf8')) as { version: string }
  return manifest.version
}

async function must(program: string, args: readonly string[], cwd?: string): Promise<void> {
  const { ok, output } = await run(program, args, cwd)
  if (!ok) throw new Error(`${program} ${args.join(' ')} failed: ${output}`)
}

for (const source of SOURCES) await vendor(source)
await vendorValidate()
