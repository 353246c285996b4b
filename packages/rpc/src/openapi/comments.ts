import type { DescFile } from '@bufbuild/protobuf'
import type { DescriptorProto, EnumDescriptorProto, FileDescriptorProto, ServiceDescriptorProto } from '@bufbuild/protobuf/wkt'

/** The comment above a declaration. Empty if there is none. */
export type Comments = (desc: { readonly proto: object }) => string

type Element = readonly [proto: object, path: readonly number[]]

/** Reads the comments of files that were compiled with their source info. */
export function commentsOf(files: Iterable<DescFile>): Comments {
  const texts = new Map<object, string>()
  for (const { proto } of files) {
    const byPath = new Map(proto.sourceCodeInfo?.location.map(({ path, leadingComments }) => [path.join(), leadingComments]))
    for (const [element, path] of elementsOf(proto)) texts.set(element, plain(byPath.get(path.join()) ?? ''))
  }
  return ({ proto }) => texts.get(proto) ?? ''
}

/** Without the blank that stands after each `//`. */
function plain(comment: string): string {
  return comment.replaceAll(/^ /gm, '').trim()
}

/** The numbers are those of the fields in descriptor.proto that hold each list. */
function elementsOf(file: FileDescriptorProto): readonly Element[] {
  return [
    ...numbered(file.messageType, [4]).flatMap(([message, path]) => inMessage(message, path)),
    ...numbered(file.enumType, [5]).flatMap(([desc, path]) => inEnum(desc, path)),
    ...numbered(file.service, [6]).flatMap(([service, path]) => inService(service, path)),
  ]
}

function inMessage(message: DescriptorProto, path: readonly number[]): readonly Element[] {
  return [
    [message, path],
    ...numbered(message.field, [...path, 2]),
    ...numbered(message.oneofDecl, [...path, 8]),
    ...numbered(message.nestedType, [...path, 3]).flatMap(([nested, at]) => inMessage(nested, at)),
    ...numbered(message.enumType, [...path, 4]).flatMap(([nested, at]) => inEnum(nested, at)),
  ]
}

function inEnum(desc: EnumDescriptorProto, path: readonly number[]): readonly Element[] {
  return [[desc, path], ...numbered(desc.value, [...path, 2])]
}

function inService(service: ServiceDescriptorProto, path: readonly number[]): readonly Element[] {
  return [[service, path], ...numbered(service.method, [...path, 2])]
}

function numbered<T extends object>(list: readonly T[], path: readonly number[]): readonly (readonly [T, readonly number[]])[] {
  return list.map((element, index) => [element, [...path, index]])
}
