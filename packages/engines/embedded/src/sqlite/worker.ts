import { parentPort, workerData } from 'node:worker_threads'
import { type BatchResult, createBatchRunner } from './batch.ts'
import { encodeError } from './errors.ts'
import { migrate } from './migrations.ts'
import { openDatabase } from './open-database.ts'
import { type OperationsModule, Transferred } from './operations.ts'
import type { Reply, Request, Started, WorkerSettings } from './protocol.ts'

/** Entry of a worker thread: opens the database, says what it can do, and answers requests one after the other. */
const { file, module, readOnly } = workerData as WorkerSettings
const port = parentPort!

try {
  const { migrations, createOperations } = (await import(module)) as OperationsModule
  const db = openDatabase(file, readOnly)
  if (!readOnly) migrate(db, migrations)
  const operations = createOperations(db)
  const runBatch = createBatchRunner(db, operations)
  port.on('message', (request: Request) => {
    if (request === 'close') {
      db.close()
      port.close()
    } else answer(runBatch(request))
  })
  const kinds = Object.fromEntries(Object.entries(operations).map(([name, { kind }]) => [name, kind]))
  port.postMessage({ kinds } satisfies Started)
} catch (error) {
  port.postMessage({ failed: encodeError(error) } satisfies Started)
  port.close()
}

function answer({ results, errors }: BatchResult): void {
  const transfer = results.flatMap((result) => (result instanceof Transferred ? result.transfer : []))
  const values = results.map((result) => (result instanceof Transferred ? result.value : result))
  const reply: Reply = errors.size === 0 ? values : { results: values, errors }
  port.postMessage(reply, transfer)
}
