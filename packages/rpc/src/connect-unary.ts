import { toBinary, toJsonString } from '@bufbuild/protobuf'
import { base64Decode } from '@bufbuild/protobuf/wire'
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt'
import {
  compressionNegotiate,
  contentTypeMatcher,
  createAsyncIterable,
  type ProtocolHandlerFactory,
  readAllBytes,
  type UniversalHandlerOptions,
  type UniversalServerRequest,
  uResponseUnsupportedMediaType,
} from '@connectrpc/connect/protocol'
import {
  codeToHttpStatus,
  contentTypeUnaryJson,
  contentTypeUnaryProto,
  contentTypeUnaryRegExp,
  errorToJsonBytes,
  parseContentType,
  parseTimeout,
} from '@connectrpc/connect/protocol-connect'
import { Call } from './call.ts'
import { decodeEither, readError } from './connect-requests.ts'
import { invokeUnary, malformed, type RpcMethod, succeeded } from './invoke.ts'
import { untilAborted, watch, wireError } from './iterate.ts'
import { REQUEST_ID_HEADER, requestIdFrom } from './request-id.ts'
import { TRACE_HEADER, traceparentFrom } from './trace.ts'

type Options = Pick<UniversalHandlerOptions, 'acceptCompression' | 'compressMinBytes' | 'readMaxBytes'>

/**
 * Unary calls of the Connect protocol: one plain HTTP exchange. The handler that comes with Connect decodes before anybody
 * can authenticate the caller, and answers undecodable bytes with `internal`.
 * Source: https://connectrpc.com/docs/protocol#unary-request
 */
export function connectUnary(method: RpcMethod, options: Options): ProtocolHandlerFactory {
  const readOnly = method.desc.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS
  const factory = () =>
    Object.assign((request: UniversalServerRequest) => answer(method, request, options), {
      protocolNames: ['connect'],
      supportedContentType: contentTypeMatcher(contentTypeUnaryRegExp),
      allowedMethods: readOnly ? ['POST', 'GET'] : ['POST'],
      requestPath: method.path,
      service: method.desc.parent,
      method: method.desc,
    })
  return Object.assign(factory, { protocolName: 'connect' })
}

async function answer(method: RpcMethod, request: UniversalServerRequest, options: Options) {
  const query = request.method === 'GET' ? new URL(request.url).searchParams : undefined
  const type = parseContentType(query ? `application/${query.get('encoding')}` : request.header.get('content-type'))
  if (type === undefined || type.stream) return uResponseUnsupportedMediaType
  const encoding = query ? query.get('compression') : request.header.get('content-encoding')
  const compression = compressionNegotiate(options.acceptCompression, encoding, request.header.get('accept-encoding'), 'accept-encoding')
  const timeout = parseTimeout(request.header.get('connect-timeout-ms'), Number.MAX_SAFE_INTEGER)
  const call = new Call(method.desc, requestIdFrom(request.header.get(REQUEST_ID_HEADER) ?? undefined))
  call.traceparent = traceparentFrom(request.header.get(TRACE_HEADER) ?? undefined)
  const header = new Headers({ [REQUEST_ID_HEADER]: call.requestId })
  const unwatch = watch(call, request.signal, timeout.timeoutMs)

  const exchange = async (): Promise<Uint8Array> => {
    call.principal = await method.admit((name) => request.header.get(name) ?? undefined)
    if (timeout.error !== undefined) throw malformed()
    if (compression.error !== undefined) throw compression.error
    const packed = query ? messageOf(query) : await read(request, options.readMaxBytes)
    const bytes =
      compression.request === null ? packed : await compression.request.decompress(packed, options.readMaxBytes).catch(rethrowRead)
    const response = await invokeUnary(method, decodeEither(method, type.binary, bytes), call)
    return type.binary ? toBinary(method.desc.output, response) : Buffer.from(toJsonString(method.desc.output, response))
  }
  try {
    let body = await untilAborted(call, exchange())
    if (compression.response !== null && body.byteLength >= options.compressMinBytes) {
      body = await compression.response.compress(body)
      header.set('content-encoding', compression.response.name)
    }
    header.set('content-type', type.binary ? contentTypeUnaryProto : contentTypeUnaryJson)
    header.set('content-length', String(body.byteLength))
    succeeded(method, call)
    return { status: 200, header, body: createAsyncIterable([body]) }
  } catch (error) {
    const failure = wireError(method, call, error)
    header.set('content-type', contentTypeUnaryJson)
    return { status: codeToHttpStatus(failure.code), header, body: createAsyncIterable([errorToJsonBytes(failure, undefined)]) }
  } finally {
    unwatch()
  }
}

function messageOf(query: URLSearchParams): Uint8Array {
  const message = query.get('message') ?? ''
  if (query.get('base64') !== '1') return Buffer.from(message)
  try {
    return base64Decode(message)
  } catch {
    throw malformed()
  }
}

function read(request: UniversalServerRequest, maxBytes: number): Promise<Uint8Array> {
  const body = request.body as AsyncIterable<Uint8Array>
  return readAllBytes(body, maxBytes, request.header.get('content-length')).catch(rethrowRead)
}

function rethrowRead(error: unknown): never {
  throw readError(error)
}
