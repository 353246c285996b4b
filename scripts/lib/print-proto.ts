import {
  type DescEnum,
  type DescExtension,
  type DescField,
  type DescFile,
  type DescMessage,
  getOption,
  hasOption,
  ScalarType,
} from '@bufbuild/protobuf'
import { FieldDescriptorProto_Label as Label } from '@bufbuild/protobuf/wkt'
import { predefined } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js'

/** The largest field number plus one: how a range without an upper end is stored. */
const MAX_RANGE_END = 536_870_912

/** Prints a proto2 descriptor as the text of a .proto file. Knows what validate.proto uses: no services, groups, or nested extensions
 *  of its own options other than `predefined`. scripts/vendor-protos.test.ts builds the text and compares the descriptors. */
export function printProto(file: DescFile): string {
  const lines = [
    `syntax = "${file.proto.syntax || 'proto2'}";`,
    `package ${file.proto.package};`,
    ...file.proto.dependency.map((path) => `import ${quote(path)};`),
    ...fileOptions(file),
    ...extensionBlocks(file.extensions),
    ...file.enums.flatMap(enumLines),
    ...file.messages.flatMap(messageLines),
  ]
  return `${lines.join('\n')}\n`
}

function fileOptions({ proto: { options } }: DescFile): string[] {
  const named = { go_package: options?.goPackage, java_package: options?.javaPackage, java_outer_classname: options?.javaOuterClassname }
  const lines = Object.entries(named).flatMap(([name, value]) => (value ? [`option ${name} = ${quote(value)};`] : []))
  return options?.javaMultipleFiles ? [...lines, 'option java_multiple_files = true;'] : lines
}

function extensionBlocks(extensions: readonly DescExtension[]): string[] {
  const byTarget = Map.groupBy(extensions, (extension) => extension.extendee.typeName)
  return [...byTarget].flatMap(([target, list]) => [`extend .${target} {`, ...list.map((field) => fieldLine(field)), '}'])
}

function enumLines(desc: DescEnum): string[] {
  const { options, reservedRange, reservedName } = desc.proto
  return [
    `enum ${desc.name} {`,
    ...(options?.allowAlias ? ['option allow_alias = true;'] : []),
    ...desc.values.map((value) => `${value.name} = ${value.number}${value.proto.options?.deprecated ? ' [deprecated = true]' : ''};`),
    // Unlike everywhere else, the end of an enum's range belongs to it.
    ...reservedRange.map(({ start, end }) => `reserved ${range(start, end + 1)};`),
    ...reservedName.map((name) => `reserved ${quote(name)};`),
    '}',
  ]
}

function messageLines(desc: DescMessage): string[] {
  const { extensionRange, reservedRange, reservedName } = desc.proto
  return [
    `message ${desc.name} {`,
    ...desc.nestedEnums.flatMap(enumLines),
    ...desc.nestedMessages.flatMap(messageLines),
    ...fieldLines(desc),
    ...extensionRange.map(({ start, end }) => `extensions ${range(start, end)};`),
    ...reservedRange.map(({ start, end }) => `reserved ${range(start, end)};`),
    ...reservedName.map((name) => `reserved ${quote(name)};`),
    ...extensionBlocks(desc.nestedExtensions),
    '}',
  ]
}

/** Fields and oneofs in the order in which they were declared: a oneof stands where its first field stands. */
function fieldLines(desc: DescMessage): string[] {
  return desc.members.flatMap((member) =>
    member.kind === 'oneof'
      ? [`oneof ${member.name} {`, ...member.fields.map((field) => fieldLine(field, true)), '}']
      : [fieldLine(member)],
  )
}

function fieldLine(field: DescField | DescExtension, inOneof = false): string {
  const end = `${field.name} = ${field.number}${fieldOptions(field)};`
  if (field.fieldKind === 'map') return `map<${scalar(field.mapKey)}, ${qualified(field.message) ?? scalar(field.scalar!)}> ${end}`
  const label = inOneof ? '' : `${Label[field.proto.label].toLowerCase()} `
  return `${label}${typeOf(field)} ${end}`
}

function qualified(desc: { readonly typeName: string } | undefined): string | undefined {
  return desc && `.${desc.typeName}`
}

function typeOf({ proto }: DescField | DescExtension): string {
  // The numbers of FieldDescriptorProto.Type and ScalarType agree.
  return proto.typeName || scalar(proto.type as number)
}

function fieldOptions(field: DescField | DescExtension): string {
  const { options, defaultValue, typeName } = field.proto
  const list = [
    ...(options?.packed ? ['packed = true'] : []),
    ...(options?.deprecated ? ['deprecated = true'] : []),
    ...(defaultValue ? [`default = ${typeName ? defaultValue : quote(defaultValue)}`] : []),
    ...(hasOption(field, predefined) ? getOption(field, predefined).cel.map(predefinedRule) : []),
  ]
  return list.length > 0 ? ` [${list.join(', ')}]` : ''
}

function predefinedRule(rule: { readonly id: string; readonly message: string; readonly expression: string }): string {
  const parts = [`id: ${quote(rule.id)}`, `message: ${quote(rule.message)}`, `expression: ${quote(rule.expression)}`]
  return `(buf.validate.predefined).cel = {${parts.filter((part) => !part.endsWith(': ""')).join(', ')}}`
}

function range(start: number, end: number): string {
  if (end >= MAX_RANGE_END) return `${start} to max`
  return end - 1 === start ? `${start}` : `${start} to ${end - 1}`
}

function scalar(type: ScalarType): string {
  return ScalarType[type].toLowerCase()
}

function quote(text: string): string {
  return JSON.stringify(text)
}
