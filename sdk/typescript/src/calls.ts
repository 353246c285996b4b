import type { DescMethodUnary } from '@bufbuild/protobuf'
import { MethodOptions_IdempotencyLevel as Level } from '@bufbuild/protobuf/wkt'
import type { Transport } from '@connectrpc/connect'
import { retry } from './backoff.ts'
import { ChatError, toChatError } from './errors.ts'
import type { TokenSource } from './token.ts'

/** A read that fails in passing is repeated this often. Writes are not: whether that is safe depends on their ids. */
const READ_ATTEMPTS = 4

/** Makes every call of a transport throw ChatError. */
export function withChatErrors(inner: Transport): Transport {
  return {
    async unary(method, signal, ...rest) {
      return inner.unary(method, signal, ...rest).catch((thrown) => {
        throw toChatError(thrown, signal)
      })
    },
    async stream(method, signal, ...rest) {
      const response = await inner.stream(method, signal, ...rest).catch((thrown) => {
        throw toChatError(thrown, signal)
      })
      return { ...response, message: mapErrors(response.message, (thrown) => toChatError(thrown, signal)) }
    },
  }
}

/** Adds the token to every call of a transport, tries again with a new one when it is refused, and repeats reads that fail in passing. */
export function withToken(inner: Transport, tokens: TokenSource): Transport {
  return {
    unary(method, signal, timeoutMs, header, input, contextValues) {
      const call = async () => {
        const token = await tokens.get()
        const response = await inner
          .unary(method, signal, timeoutMs, bearer(header, token), input, contextValues)
          .catch((error) => Promise.reject(judge(tokens, token, error)))
        tokens.accepted()
        return response
      }
      return retry(() => repeatRefused(call), { signal, maxAttempts: isRead(method) ? READ_ATTEMPTS : 1 })
    },
    async stream(method, signal, timeoutMs, header, input, contextValues) {
      const token = await tokens.get()
      const response = await inner
        .stream(method, signal, timeoutMs, bearer(header, token), input, contextValues)
        .catch((error) => Promise.reject(judge(tokens, token, error)))
      const message = mapErrors(
        response.message,
        (error) => judge(tokens, token, error),
        () => tokens.accepted(),
      )
      return { ...response, message }
    },
  }
}

/** A refused token was refused before the call did anything: the same call with the next token is safe, also for writes. */
async function repeatRefused<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call()
    } catch (error) {
      if (!(error instanceof ChatError && error.reason === 'TOKEN_INVALID' && error.retryable)) throw error
    }
  }
}

/** TOKEN_INVALID is worth another try while the provider may still have a better token. */
function judge(tokens: TokenSource, token: string, thrown: unknown): ChatError {
  const error = toChatError(thrown)
  if (error.reason !== 'TOKEN_INVALID') return error
  const { code, metadata, cause } = error
  return new ChatError('TOKEN_INVALID', error.message, { code, metadata, cause, retryable: tokens.refused(token) })
}

function bearer(header: HeadersInit | undefined, token: string): Headers {
  const headers = new Headers(header)
  headers.set('authorization', `Bearer ${token}`)
  return headers
}

const isRead = (method: DescMethodUnary): boolean => method.idempotency === Level.NO_SIDE_EFFECTS

async function* mapErrors<T>(messages: AsyncIterable<T>, map: (thrown: unknown) => ChatError, onMessage?: () => void): AsyncIterable<T> {
  try {
    for await (const message of messages) {
      onMessage?.()
      yield message
    }
  } catch (thrown) {
    throw map(thrown)
  }
}
