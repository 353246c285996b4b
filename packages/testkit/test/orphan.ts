/** Starts a server, tells where it is, and waits to be killed. */
import { PostgresServer } from '../src/index.ts'

const { url, node } = await PostgresServer.start()
console.log(JSON.stringify({ url, folder: node.folder }))
setInterval(() => {}, 1000)
