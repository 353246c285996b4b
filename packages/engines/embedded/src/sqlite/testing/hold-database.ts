import { WorkerDatabase } from '../worker-database.ts'

/** A process that opens a database and keeps it: `node hold-database.ts <file>`. */
const [, , file] = process.argv
await WorkerDatabase.open({ file: file!, module: new URL('./counter.worker.ts', import.meta.url) })
console.log('open')
