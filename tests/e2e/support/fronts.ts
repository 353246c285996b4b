import { createRegistry, type DescMethod, fromBinary, type JsonValue, type Message, toBinary, toJson } from '@bufbuild/protobuf'
import { anyUnpack } from '@bufbuild/protobuf/wkt'
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from '@chat4all/gen/google/rpc/error_details_pb.js'
import type { Status } from '@chat4all/gen/google/rpc/status_pb.js'
import { RawClient, type RpcFailure, type System } from '@chat4all/testkit'
import { ConnectError, type Transport } from '@connectrpc/connect'
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport, Http2SessionManager } from '@connectrpc/connect-node'
import { pathOf } from './api.ts'
import type { Front, Told } from './front.ts'
import { restFront } from './rest-front.ts'

const DETAILS = [ErrorInfoSchema, BadRequestSchema, RetryInfoSchema] as const
const detailRegistry = createRegistry(...DETAILS)

export class Fronts implements Disposable {
  readonly all: readonly Front[]
  readonly #clients = new Map<string, RawClient>()
  readonly #sessions: Http2SessionManager[] = []

  constructor(server: System) {
    const http1 = { baseUrl: `http://127.0.0.1:${server.httpPort}`, httpVersion: '1.1' } as const
    const http2 = () => {
      const sessionManager = new Http2SessionManager(http1.baseUrl)
      this.#sessions.push(sessionManager)
      return { baseUrl: http1.baseUrl, httpVersion: '2', sessionManager } as const
    }
    this.all = [
      { name: 'gRPC of grpc-js', fullDuplex: true, call: (...args) => this.#callGrpcJs(server.address, ...args) },
      connectFront('gRPC on the HTTP port', true, createGrpcTransport(http2())),
      connectFront('Connect over HTTP/1.1', false, createConnectTransport(http1)),
      connectFront('Connect over HTTP/2', true, createConnectTransport(http2())),
      connectFront(
        'Connect with JSON',
        true,
        createConnectTransport({ ...http2(), useBinaryFormat: false, jsonOptions: { registry: detailRegistry } }),
      ),
      connectFront('gRPC-Web over HTTP/1.1', false, createGrpcWebTransport(http1)),
      connectFront('gRPC-Web over HTTP/2', true, createGrpcWebTransport(http2())),
      restFront(http1.baseUrl, detailRegistry, (code, status) => ofFailure({ code, status } as RpcFailure)),
    ]
  }

  [Symbol.dispose](): void {
    for (const client of this.#clients.values()) client.close()
    for (const session of this.#sessions) session.abort()
  }

  #callGrpcJs(address: string, method: DescMethod, request: Message, token = '', enough = never): Promise<Told> {
    const client = this.#clients.get(token) ?? new RawClient(address, token === '' ? undefined : token)
    this.#clients.set(token, client)
    const answers: Message[] = []
    return new Promise((resolve) => {
      const stream = client.open(pathOf(method), [toBinary(method.input, request)], {
        onMessage(bytes) {
          const answer = fromBinary(method.output, bytes)
          answers.push(answer)
          if (!enough(answer)) return
          stream.cancel()
          resolve({ answers })
        },
        onEnd(failure) {
          const cancelled = answers.some(enough)
          resolve(failure === undefined || cancelled ? { answers } : { answers, refusal: ofFailure(failure) })
        },
      })
      stream.end()
    })
  }
}

const never = (_answer: Message): boolean => false

function ofFailure({ code, status }: RpcFailure): NonNullable<Told['refusal']> {
  const { message, details } = status as Status
  const unpacked = details.map((any) =>
    DETAILS.map((desc) => [desc, anyUnpack(any, desc)] as const).find(([, value]) => value !== undefined),
  )
  return { code, message, details: unpacked.map((found) => toJson(found![0], found![1]!)) }
}

function connectFront(name: string, fullDuplex: boolean, transport: Transport): Front {
  return {
    name,
    fullDuplex,
    async call(method, request, token, enough = never) {
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
      const answers: Message[] = []
      try {
        if (method.methodKind === 'unary') {
          answers.push((await transport.unary(method as never, undefined, 10_000, headers, request as never)).message as Message)
          return { answers }
        }
        const stop = new AbortController()
        const stream = await transport.stream(method as never, stop.signal, 10_000, headers, oneOf(request) as never)
        for await (const answer of stream.message as AsyncIterable<Message>) {
          answers.push(answer)
          if (!enough(answer)) continue
          stop.abort()
          break
        }
        return { answers }
      } catch (error) {
        if (!(error instanceof ConnectError)) throw error
        const { code, rawMessage: message } = error
        const found = DETAILS.flatMap((desc) => error.findDetails(desc as never).map((value) => toJson(desc, value as never)))
        if (found.length !== error.details.length) throw new Error(`${name}: a detail of an unknown type`, { cause: error })
        return { answers, refusal: { code, message, details: found } }
      }
    },
  }
}

async function* oneOf(request: Message) {
  yield request
}

/** An answer as JSON, details of errors included. */
export function shown(method: DescMethod, answer: Message): JsonValue {
  return toJson(method.output, answer, { registry: detailRegistry })
}
