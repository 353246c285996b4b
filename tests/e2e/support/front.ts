import type { DescMethod, JsonValue, Message } from '@bufbuild/protobuf'

/** What a caller can tell of a call: every answer, and how it ended. */
export interface Told {
  readonly answers: readonly Message[]
  readonly refusal?: { readonly code: number; readonly message: string; readonly details: readonly JsonValue[] }
}

/** One way to call every RPC. */
export interface Front {
  readonly name: string
  /** Whether both sides can talk at once: HTTP/1.1 carries one direction after the other. */
  readonly fullDuplex: boolean
  /** Ends an endless stream after the first answer that is enough. */
  call(method: DescMethod, request: Message, token?: string, enough?: (answer: Message) => boolean): Promise<Told>
}
