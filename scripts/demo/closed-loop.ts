import type { Load, Receiver, Sender } from '../../packages/testkit/src/index.ts'

const LOOK_MS = 10

/** Keeps the senders of a load without groups sending as long as few of their messages are accepted and not yet received: what is measured is the whole way. */
export class ClosedLoop {
  readonly #load: Load
  readonly #most: number
  readonly #timer: NodeJS.Timeout

  constructor(load: Load, most: number) {
    this.#load = load
    this.#most = most
    load.start()
    this.#timer = setInterval(() => this.#look(), LOOK_MS)
  }

  /** No new messages from now on. */
  stop(): void {
    clearInterval(this.#timer)
    for (const sender of this.#load.senders) sender.stop()
  }

  #look(): void {
    for (const [index, sender] of this.#load.senders.entries()) {
      if (underWay(sender, this.#load.receivers[index]!) >= this.#most) sender.stop()
      else if (!sender.sending) sender.start()
    }
  }
}

/** Each sender has a receiver of its own, with the same number. */
function underWay({ accepted }: Sender, receiver: Receiver): number {
  let count = 0
  for (const [conversation, messages] of accepted) count += messages - Number(receiver.seen(conversation))
  return count
}
