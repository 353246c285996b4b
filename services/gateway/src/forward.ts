import type { DescMethodUnary, DescService, MessageInitShape, MessageShape } from '@bufbuild/protobuf'
import { type CallContext, encodePrincipal, PRINCIPAL_HEADER, REQUEST_ID_HEADER, type UnaryHandler } from '@chat4all/rpc'
import { type CallOptions, createClient, type Transport } from '@connectrpc/connect'

/** Calls a public RPC of the directory for the principal that this gateway authenticated. */
export function forward<M extends DescMethodUnary>(transport: Transport, method: M): UnaryHandler<M> {
  const client = createClient(method.parent as DescService, transport) as unknown as Record<
    string,
    (request: MessageShape<M['input']>, options: CallOptions) => Promise<MessageInitShape<M['output']>>
  >
  return (request, context) => client[method.localName]!(request, callOptions(context))
}

function callOptions({ principal, signal, requestId, deadlineAt }: CallContext): CallOptions {
  return {
    signal,
    ...(deadlineAt === undefined ? {} : { timeoutMs: Math.max(1, deadlineAt - performance.now()) }),
    headers: { [REQUEST_ID_HEADER]: requestId, ...(principal === undefined ? {} : { [PRINCIPAL_HEADER]: encodePrincipal(principal) }) },
  }
}
