import {
  create,
  createFileRegistry,
  type DescFile,
  type DescMessage,
  type DescService,
  type MessageInitShape,
  setExtension,
} from '@bufbuild/protobuf'
import {
  type DescriptorProto,
  DescriptorProtoSchema,
  EnumDescriptorProtoSchema,
  FieldDescriptorProtoSchema,
  FileDescriptorProtoSchema,
  file_google_protobuf_duration,
  file_google_protobuf_field_mask,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_wrappers,
  FieldDescriptorProto_Label as Label,
  MethodDescriptorProtoSchema,
  MethodOptionsSchema,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt'
import { file_google_api_annotations, http } from '@chat4all/gen/google/api/annotations_pb.js'
import { HttpRuleSchema } from '@chat4all/gen/google/api/http_pb.js'
import { file_google_api_httpbody } from '@chat4all/gen/google/api/httpbody_pb.js'

export type Rule = MessageInitShape<typeof HttpRuleSchema>

/** A contract in few words. Fields are numbered as they stand. */
export interface Contract {
  /** `string a`, `repeated int32 b`, `map<string, Kind> c`, `Other d`; `choice| string e` is of the oneof `choice`. */
  readonly messages: Readonly<Record<string, readonly string[]>>
  readonly enums?: Readonly<Record<string, readonly string[]>>
  /** `In -> Out`, or `In -> stream Out`, and how it is called over HTTP. */
  readonly rpcs?: Readonly<Record<string, readonly [types: string, rule: Rule | undefined]>>
}

const DEPENDENCIES: readonly DescFile[] = [
  file_google_api_annotations,
  file_google_api_httpbody,
  file_google_protobuf_duration,
  file_google_protobuf_field_mask,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_wrappers,
]
const SCALARS = new Map(
  Object.entries(Type).flatMap(([name, type]) => (typeof type === 'number' ? [[name.toLowerCase(), type] as const] : [])),
)

const NULL_VALUE = 'google.protobuf.NullValue'

/** Makes descriptors as if a .proto file had been compiled, for what our own contracts have no example of. */
export function contract({ messages, enums = {}, rpcs = {} }: Contract): {
  readonly message: (name: string) => DescMessage
  readonly service: DescService
} {
  const proto = create(FileDescriptorProtoSchema, {
    name: 'test/v1/test.proto',
    package: 'test.v1',
    syntax: 'proto3',
    dependency: DEPENDENCIES.map((file) => `${file.name}.proto`),
    messageType: Object.entries(messages).map(([name, fields]) => messageOf(name, fields, enums)),
    enumType: Object.entries(enums).map(([name, values]) =>
      create(EnumDescriptorProtoSchema, { name, value: values.map((value, number) => ({ name: value, number })) }),
    ),
    service: [{ name: 'TestService', method: Object.entries(rpcs).map(([name, [types, rule]]) => methodOf(name, types, rule)) }],
  })
  const registry = createFileRegistry(proto, (name) => DEPENDENCIES.find((file) => `${file.name}.proto` === name))
  return { message: (name) => registry.getMessage(`test.v1.${name}`)!, service: registry.getService('test.v1.TestService')! }
}

function messageOf(name: string, lines: readonly string[], enums: object): DescriptorProto {
  const message = create(DescriptorProtoSchema, { name })
  for (const [i, line] of lines.entries()) {
    const [, oneof, label, key, value, single, field] = /^(?:(\w+)\| )?(repeated )?(?:map<(\w+), ([\w.]+)>|([\w.]+)) (\w+)$/.exec(line)!
    const oneofIndex = oneof === undefined ? -1 : oneofNamed(message, oneof)
    if (key !== undefined) message.nestedType.push(entryOf(field!, key, value!, enums))
    message.field.push(
      create(FieldDescriptorProtoSchema, {
        name: field!,
        number: i + 1,
        jsonName: field!.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
        label: label !== undefined || key !== undefined ? Label.REPEATED : Label.OPTIONAL,
        ...(key === undefined ? typeOf(single!, enums) : { type: Type.MESSAGE, typeName: `.test.v1.${name}.${entryName(field!)}` }),
        ...(oneofIndex < 0 ? {} : { oneofIndex }),
      }),
    )
  }
  return message
}

function oneofNamed(message: DescriptorProto, name: string): number {
  const index = message.oneofDecl.findIndex((each) => each.name === name)
  return index >= 0 ? index : message.oneofDecl.push({ $typeName: 'google.protobuf.OneofDescriptorProto', name }) - 1
}

function entryOf(field: string, key: string, value: string, enums: object): DescriptorProto {
  const entry = messageOf(entryName(field), [`${key} key`, `${value} value`], enums)
  return Object.assign(entry, { options: { $typeName: 'google.protobuf.MessageOptions', mapEntry: true, uninterpretedOption: [] } })
}

function entryName(field: string): string {
  return `${field.replaceAll(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase())}Entry`
}

function typeOf(name: string, enums: object) {
  const scalar = SCALARS.get(name)
  if (scalar !== undefined) return { type: scalar }
  return {
    type: name in enums || name === NULL_VALUE ? Type.ENUM : Type.MESSAGE,
    typeName: name.includes('.') ? `.${name}` : `.test.v1.${name}`,
  }
}

function methodOf(name: string, types: string, rule: Rule | undefined) {
  const [, inStream, input, outStream, output] = /^(stream )?([\w.]+) -> (stream )?([\w.]+)$/.exec(types)!
  const options = create(MethodOptionsSchema)
  if (rule !== undefined) setExtension(options, http, create(HttpRuleSchema, rule))
  const typeName = (type: string) => (type.includes('.') ? `.${type}` : `.test.v1.${type}`)
  return create(MethodDescriptorProtoSchema, {
    name,
    inputType: typeName(input!),
    outputType: typeName(output!),
    clientStreaming: inStream !== undefined,
    serverStreaming: outStream !== undefined,
    options,
  })
}

/** `get`, `post` and the like, in few words. */
export function rule(httpMethod: 'get' | 'put' | 'post' | 'delete' | 'patch', path: string, more: Partial<Rule> = {}): Rule {
  return { pattern: { case: httpMethod, value: path }, ...more } as Rule
}
