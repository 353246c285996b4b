/** Called with every message of a subject. Must not throw and must not block. The bytes are shared: never change them. */
export type LiveHandler = (payload: Uint8Array, subject: string) => void

/** Fire-and-forget publish and subscribe, for what is stored elsewhere.
 *
 *  At most once: a message may be lost, never doubled. Messages of one publisher reach a subscriber in the order of
 *  publishing, over all subjects. When messages may have been lost, `onLoss` says so before later ones arrive.
 *  Subjects are dot-separated tokens of A-Z a-z 0-9 _ -; there are no wildcards. */
export interface LiveBus extends AsyncDisposable {
  /** Hands the same bytes to the subscribers of each subject. Never blocks and never throws. */
  publish(subjects: readonly string[], payload: Uint8Array): void
  /** Resolves when messages published from now on arrive. */
  subscribe(subject: string, handler: LiveHandler): Promise<Unsubscribe>
  /** Calls back when messages to any subscription of this process may have been lost. */
  onLoss(handler: () => void): Unsubscribe
}

export type Unsubscribe = () => void

/** A subject token for any text: base64url, so that no character of an id can change a subject. */
export function subjectToken(text: string): string {
  return Buffer.from(text).toString('base64url')
}
