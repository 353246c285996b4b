// scripts/node tests/bench/count-rows.ts <data directory>: what the message store holds, as JSON.
import { countRows } from './rows.ts'

console.log(JSON.stringify(countRows(process.argv[2]!)))
