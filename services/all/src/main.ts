import { runProcess } from '@chat4all/base'
import { readConfig } from './config.ts'
import { startServer } from './server.ts'
import { startScreen } from './start-screen.ts'

await runProcess('chat4all', async () => {
  const config = readConfig(process.env)
  const server = await startServer(config)
  console.log(startScreen(config, server))
  return server
})
