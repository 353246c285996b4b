import { parentPort, workerData } from 'node:worker_threads'
import { createBatchRunner } from './batch.ts'
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
    if ('close' in request) {
      db.close()
      port.close()
    } else answer(runBatch(request.calls))
  })
  const kinds = Object.fromEntries(Object.entries(operations).map(([name, { kind }]) => [name, kind]))
  port.postMessage({ kinds } satisfies Started)
} catch (error) {
  port.postMessage({ failed: encodeError(error) } satisfies Started)
  port.close()
}

function answer({ results, errors }: Reply): void {
  const transfer = results.flatMap((result) => (result instanceof Transferred ? result.transfer : []))
  const values = results.map((result) => (result instanceof Transferred ? result.value : result))
  port.postMessage({ results: values, errors } satisfies Reply, transfer)
}
