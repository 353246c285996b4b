import { type DescFile, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import { file_google_rpc_error_details } from '@chat4all/gen/google/rpc/error_details_pb.js'
import {
  ServerReflection,
  type ServerReflectionRequest,
  type ServerReflectionResponseSchema,
} from '@chat4all/gen/grpc/reflection/v1/reflection_pb.js'
import { ServerReflection as ServerReflectionAlpha } from '@chat4all/gen/grpc/reflection/v1alpha/reflection_pb.js'
import { Code } from '@connectrpc/connect'
import { DescriptorIndex, withDependencies } from './descriptor-index.ts'
import { type BidiHandler, type RpcService, rpcService } from './handler.ts'

type Question = ServerReflectionRequest['messageRequest']
type Answer = NonNullable<MessageInitShape<typeof ServerReflectionResponseSchema>['messageResponse']>

/** gRPC server reflection over these services, as grpc.reflection.v1 and v1alpha: lets grpcurl and its like work without protos. */
export function reflectionServices(services: readonly RpcService[]): readonly RpcService[] {
  const described = [...services.map(({ service }) => service), ServerReflection, ServerReflectionAlpha]
  // The last one lets tools print the details of our errors.
  const index = new DescriptorIndex([...described.map(({ file }) => file), file_google_rpc_error_details])
  const names = described.map(({ typeName }) => ({ name: typeName }))

  const serverReflectionInfo: BidiHandler<typeof ServerReflection.method.serverReflectionInfo> = (_context, out) => {
    const sent = new Set<DescFile>()
    return {
      message: (request) =>
        out.send({
          validHost: request.host,
          originalRequest: request,
          messageResponse: answer(index, names, sent, request.messageRequest),
        }),
      end() {},
    }
  }
  return [
    { ...rpcService(ServerReflection, { serverReflectionInfo }), open: true },
    // The same messages under another package name.
    { ...rpcService(ServerReflectionAlpha, { serverReflectionInfo: serverReflectionInfo as never }), open: true },
  ]
}

function answer(index: DescriptorIndex, names: { name: string }[], sent: Set<DescFile>, question: Question): Answer {
  switch (question.case) {
    case 'listServices':
      return { case: 'listServicesResponse', value: { service: names } }
    case 'fileByFilename':
      return files(index.files.get(question.value), sent, question.value)
    case 'fileContainingSymbol':
      return files(index.fileOfSymbol(question.value), sent, question.value)
    case 'fileContainingExtension': {
      const { containingType, extensionNumber } = question.value
      return files(index.extensionsOf(containingType)?.get(extensionNumber), sent, `extension ${extensionNumber} of ${containingType}`)
    }
    case 'allExtensionNumbersOfType': {
      const extensions = index.extensionsOf(question.value)
      if (extensions === undefined) return failure(Code.NotFound, `not found: ${question.value}`)
      const extensionNumber = [...extensions.keys()].sort((a, b) => a - b)
      return { case: 'allExtensionNumbersResponse', value: { baseTypeName: question.value, extensionNumber } }
    }
    default:
      return failure(Code.InvalidArgument, 'the request asks nothing that this server knows')
  }
}

/** The file, and what it imports unless this stream has carried it already. */
function files(file: DescFile | undefined, sent: Set<DescFile>, wanted: string): Answer {
  if (file === undefined) return failure(Code.NotFound, `not found: ${wanted}`)
  const fresh = [...withDependencies(file)].filter((needed) => needed === file || !sent.has(needed))
  for (const needed of fresh) sent.add(needed)
  return {
    case: 'fileDescriptorResponse',
    value: { fileDescriptorProto: fresh.map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto)) },
  }
}

function failure(errorCode: Code, errorMessage: string): Answer {
  return { case: 'errorResponse', value: { errorCode, errorMessage } }
}
