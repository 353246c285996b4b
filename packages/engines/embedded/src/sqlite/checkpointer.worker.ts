import { parentPort, workerData } from 'node:worker_threads'
import { openDatabase } from './open-database.ts'

export interface CheckpointerSettings {
  readonly files: readonly string[]
}

interface WalState {
  /** Pages in the WAL, and how many of them the database has. */
  readonly log: number
  readonly checkpointed: number
}

const LOOK_EVERY_MS = 100
/** 16 MB: pages that were written again meanwhile are moved once. */
const PAGES = 4_000
/** As long as this may commits be held back for readers of an older state, such as a backup, that do not end. */
const PATIENCE_MS = 100

const databases = (workerData as CheckpointerSettings).files.map((file) => openDatabase(file, false))
const checkpoints = databases.map((database) => {
  database.exec(`PRAGMA busy_timeout = ${PATIENCE_MS}`)
  const look = database.prepare('PRAGMA wal_checkpoint(NOOP)')
  const most = database.prepare('PRAGMA wal_checkpoint(PASSIVE)')
  const rest = database.prepare('PRAGMA wal_checkpoint(FULL)')
  return () => {
    const { log, checkpointed } = look.get() as unknown as WalState
    if (log - checkpointed < PAGES) return
    // Nobody waits for the first one. The second holds back commits for a moment, so that the next finds all pages moved and
    // starts the WAL anew: to overwrite a file costs less than to let it grow.
    most.get()
    rest.get()
  }
})

const timer = setInterval(() => {
  for (const checkpoint of checkpoints) attempt(checkpoint)
}, LOOK_EVERY_MS)

/** One that fails, as on a full disk, leaves the WAL as it was: the next look tries again. */
function attempt(checkpoint: () => void): void {
  try {
    checkpoint()
  } catch {}
}

parentPort!.once('message', () => {
  clearInterval(timer)
  for (const database of databases) database.close()
})
parentPort!.postMessage('started')
