import { waitUntil } from '@chat4all/testkit'

/** One server-sent event. */
interface SentEvent {
  readonly id: string
  readonly event: string
  // biome-ignore lint/suspicious/noExplicitAny: JSON of many shapes, compared by the tests
  readonly data: any
  /** Of the new messages in it. */
  readonly texts: readonly string[]
}

/** Reads server-sent events as the HTML standard says, for tests to wait on. */
export class EventStream {
  readonly headers: Headers
  readonly events: SentEvent[] = []
  /** Resolves when the server has ended the stream. */
  readonly ended: Promise<void>
  readonly #leave: AbortController

  private constructor(response: Response, leave: AbortController) {
    this.headers = response.headers
    this.#leave = leave
    this.ended = this.#read(response.body!).catch((error) => {
      if (!leave.signal.aborted) throw error
    })
  }

  static async open(url: string, headers: Record<string, string>): Promise<EventStream> {
    const leave = new AbortController()
    const response = await fetch(url, { headers: { accept: 'text/event-stream', ...headers }, signal: leave.signal })
    if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`)
    return new EventStream(response, leave)
  }

  /** The texts of all new messages, in the order they came. */
  get texts(): readonly string[] {
    return this.events.flatMap(({ texts }) => texts)
  }

  async until(fits: (event: SentEvent) => unknown): Promise<SentEvent> {
    await waitUntil('a server-sent event', () => this.events.some(fits), 10_000)
    return this.events.find(fits)!
  }

  close(): void {
    this.#leave.abort()
  }

  async #read(body: ReadableStream<BufferSource>): Promise<void> {
    let unfinished = ''
    for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
      const [...blocks] = `${unfinished}${chunk}`.split('\n\n')
      unfinished = blocks.pop()!
      for (const block of blocks) this.#take(block)
    }
  }

  #take(block: string): void {
    const fields = new Map(
      block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trimStart()]),
    )
    const data = fields.get('data')
    if (data === undefined) return
    const json = JSON.parse(data)
    const created: { payload: { text: string } }[] = (json.events ?? []).flatMap(
      (each: { message_created?: object }) => each.message_created ?? [],
    )
    const texts = created.map(({ payload }) => payload.text)
    this.events.push({ id: fields.get('id') ?? '', event: fields.get('event') ?? 'message', data: json, texts })
  }
}
