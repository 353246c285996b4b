import { styleText } from 'node:util'
import type { Config } from './config.ts'
import { credentialsFile } from './credentials-file.ts'
import type { RunningServer } from './server.ts'

const CLI = 'node_modules/.bin/chat4all'

/** What a person sees when the server is ready: where it is, and three commands that work when pasted. */
export function startScreen(config: Config, server: RunningServer): string {
  const bold = (text: string) => styleText('bold', text)
  const dim = (text: string) => styleText('dim', text)
  const file = credentialsFile(config.dataDir)
  const scheme = config.tls === undefined ? 'http' : 'https'
  const origin = `${scheme}://${config.host}:${server.grpcPort}`
  const options = `${config.grpcPort === 9090 && config.host === '127.0.0.1' && config.tls === undefined ? '' : ` --server ${origin}`}${config.dataDir === './data' ? '' : ` --credentials ${file}`}`
  return [
    '',
    `${bold('Chat4All is ready.')}`,
    '',
    `  gRPC         ${config.host}:${server.grpcPort}`,
    `  Connect      ${scheme}://${config.host}:${server.httpPort}   ${dim('also REST, WebSocket, gRPC-Web, /healthz, /readyz, /.well-known/jwks.json')}`,
    `  data         ${config.dataDir}`,
    `  credentials  ${file}   ${dim(server.firstStart ? 'new: tenant "default" and its first API client' : 'from the first start')}`,
    '',
    'Try in another terminal:',
    '',
    `  ${CLI}${options} users add ana bruno`,
    `  ${CLI}${options} tail --as bruno`,
    `  ${CLI}${options} send --as ana --to bruno "Hello, Bruno"`,
    '',
    dim('Ctrl-C stops the server.'),
    '',
  ].join('\n')
}
