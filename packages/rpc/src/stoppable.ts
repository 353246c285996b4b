/** A running server. */
export interface Stoppable extends AsyncDisposable {
  readonly port: number
  /** Stops accepting, lets unary calls finish, and ends streams with SHUTTING_DOWN. Cuts what is left after the grace time (10 s). */
  stop(graceMs?: number): Promise<void>
}
