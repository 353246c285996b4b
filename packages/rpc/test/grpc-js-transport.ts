import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { StatusSchema } from '@chat4all/gen/google/rpc/status_pb.js'
import { type Code, ConnectError, type Transport } from '@connectrpc/connect'
import { Client, credentials, Metadata, type StatusObject } from '@grpc/grpc-js'

const identity = (bytes: Uint8Array) => Buffer.from(bytes)

/** Lets generated clients call through the client of grpc-js, as foreign gRPC clients do. */
export function grpcJsTransport(port: number, onClient: (client: Client) => void): Transport {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure())
  onClient(client)
  return {
    unary: (method, signal, timeoutMs, header, input) =>
      new Promise((resolve, reject) => {
        let headers = new Headers()
        const request = toBinary(method.input, create(method.input, input))
        const path = `/${method.parent.typeName}/${method.name}`
        const call = client.makeUnaryRequest(path, identity, identity, request, metadata(header), options(timeoutMs), (error, response) => {
          if (error) reject(connectError(error))
          else
            resolve({
              stream: false,
              service: method.parent,
              method,
              header: headers,
              message: fromBinary(method.output, response!),
              trailer: new Headers(),
            })
        })
        call.on('metadata', (got) => {
          headers = new Headers(got.getMap() as Record<string, string>)
        })
        signal?.addEventListener('abort', () => call.cancel())
      }),
    async stream(method, signal, timeoutMs, header, input) {
      const path = `/${method.parent.typeName}/${method.name}`
      const call = client.makeBidiStreamRequest(path, identity, identity, metadata(header), options(timeoutMs))
      signal?.addEventListener('abort', () => call.cancel())
      const headers = new Promise<Headers>((resolve) =>
        call.once('metadata', (got: Metadata) => resolve(new Headers(got.getMap() as never))),
      )
      const status = new Promise<StatusObject>((resolve) => call.once('status', resolve))
      // The status tells more: an error may also be about what was written after the end.
      call.on('error', () => {})
      void (async () => {
        for await (const message of input) call.write(toBinary(method.input, create(method.input, message)))
        call.end()
      })()
      async function* responses() {
        try {
          for await (const bytes of call.iterator({ destroyOnReturn: false })) yield fromBinary(method.output, bytes)
        } catch {}
        call.cancel()
        const end = await status
        if (end.code !== 0) throw connectError(end)
      }
      return {
        stream: true,
        service: method.parent,
        method,
        header: await Promise.race([headers, status.then(() => new Headers())]),
        message: responses(),
        trailer: new Headers(),
      }
    },
  }
}

function options(timeoutMs: number | undefined) {
  return timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs }
}

function metadata(header: HeadersInit | undefined): Metadata {
  const result = new Metadata()
  new Headers(header).forEach((value, key) => {
    result.set(key, value)
  })
  return result
}

function connectError(error: StatusObject): ConnectError {
  const packed = error.metadata.get('grpc-status-details-bin')[0]
  const status = packed instanceof Buffer ? fromBinary(StatusSchema, packed) : undefined
  const result = new ConnectError(status?.message ?? error.details, error.code as number as Code)
  result.details = (status?.details ?? []).map(({ typeUrl, value }) => ({ type: typeUrl.split('/').at(-1)!, value }))
  return result
}
