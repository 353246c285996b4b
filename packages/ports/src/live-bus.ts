/** Called with every message of a subject. Must not throw and must not block. The bytes are shared: never change them. */
export type LiveHandler = (payload: Uint8Array, subject: string) => void

/** Fire-and-forget publish and subscribe, for what is stored elsewhere.
 *
 *  At most once: a message may be lost, never doubled. Messages of one publisher reach a subscriber in the order of
 *  publishing, over all subjects. Where messages may have been lost, `onLoss` says so before later ones arrive.
 *  Subjects are dot-separated tokens of A-Z a-z 0-9 _ -; there are no wildcards. */
export interface LiveBus extends AsyncDisposable {
  /** Hands the same bytes to the subscribers of each subject. Never blocks and never throws. */
  publish(subjects: readonly string[], payload: Uint8Array): void
  /** Resolves when messages published from now on arrive. */
  subscribe(subject: string, handler: LiveHandler): Promise<Unsubscribe>
  /** Resolves when nothing that was published so far can be lost any more, without a notice of loss to its subscribers, should this process end. Throws `EngineUnavailable` otherwise. */
  flush(): Promise<void>
  /** Tells when messages to any subscription of this process may have been lost. */
  onLoss(handler: LossHandler): Unsubscribe
}

/** Must not throw. */
export interface LossHandler {
  /** From now on messages may be missing: called before any comes that was published after a lost one. May come again before `over`. */
  began(): void
  /** Whatever is published from now on arrives. */
  over(): void
}

export type Unsubscribe = () => void

/** A subject token for any text: base64url, so that no character of an id can change a subject. */
export function subjectToken(text: string): string {
  return Buffer.from(text).toString('base64url')
}
