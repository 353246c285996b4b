import { create, createFileRegistry } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import { expect, test } from 'vitest'
import { commentsOf } from './comments.ts'

test('every declaration has the comment above it, without the marks', () => {
  const comments: readonly (readonly [path: number[], comment: string])[] = [
    [[4, 0], ' A message.\n\n Of two paragraphs,\n   the second indented.\n'],
    [[4, 0, 2, 0], ' A field.\n'],
    [[4, 0, 8, 0], ' A oneof.\n'],
    [[4, 0, 3, 0], ' A message inside.\n'],
    [[4, 0, 3, 0, 4, 0], ' An enum inside.\n'],
    [[5, 0, 2, 0], ' A value.\n'],
    [[6, 0], ' A service.\n'],
    [[6, 0, 2, 0], ' An RPC.\n'],
  ]
  const proto = create(FileDescriptorProtoSchema, {
    name: 'a.proto',
    syntax: 'proto3',
    messageType: [
      {
        name: 'Outer',
        field: [{ name: 'field', number: 1, type: 9, label: 1, oneofIndex: 0 }],
        oneofDecl: [{ name: 'choice' }],
        nestedType: [{ name: 'Inner', enumType: [{ name: 'Deep', value: [{ name: 'DEEP', number: 0 }] }] }],
      },
    ],
    enumType: [{ name: 'Kind', value: [{ name: 'KIND', number: 0 }] }],
    service: [{ name: 'Service', method: [{ name: 'Call', inputType: '.Outer', outputType: '.Outer' }] }],
    sourceCodeInfo: { location: comments.map(([path, leadingComments]) => ({ path, leadingComments })) },
  })
  const registry = createFileRegistry(proto, () => undefined)
  const [outer, kind, service] = [registry.getMessage('Outer')!, registry.getEnum('Kind')!, registry.getService('Service')!]
  const inner = outer.nestedMessages[0]!
  const declared = [
    outer,
    outer.fields[0]!,
    outer.oneofs[0]!,
    inner,
    inner.nestedEnums[0]!,
    kind,
    kind.values[0]!,
    service,
    service.methods[0]!,
  ]
  expect(declared.map(commentsOf(registry.files))).toEqual([
    'A message.\n\nOf two paragraphs,\n  the second indented.',
    'A field.',
    'A oneof.',
    'A message inside.',
    'An enum inside.',
    '',
    'A value.',
    'A service.',
    'An RPC.',
  ])
})
