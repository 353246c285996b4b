import { styleText } from 'node:util'

const CLI = 'node_modules/.bin/chat4all'
const DEFAULT_PORT = 9090
const DEFAULT_CREDENTIALS = 'data/credentials.json'

export interface Where {
  /** Lead to any gateway. */
  readonly grpcPort: number
  readonly httpPort: number
  readonly gateways: readonly { readonly grpc: number; readonly http: number }[]
  readonly credentials: string
  readonly logs: string
}

/** What a person sees when the mesh is ready: where it is, and three commands that work when pasted. */
export function startText({ grpcPort, httpPort, gateways, credentials, logs }: Where): string {
  const bold = (text: string) => styleText('bold', text)
  const dim = (text: string) => styleText('dim', text)
  const server = grpcPort === DEFAULT_PORT ? '' : ` --server http://127.0.0.1:${grpcPort}`
  const options = `${server}${credentials === DEFAULT_CREDENTIALS ? '' : ` --credentials ${credentials}`}`
  return [
    '',
    bold('The Chat4All mesh is ready.'),
    '',
    `  gRPC         127.0.0.1:${grpcPort}   ${dim(`whichever gateway is up: ${gateways.map(({ grpc }) => grpc).join(' or ')}`)}`,
    `  Connect      http://127.0.0.1:${httpPort}   ${dim(`whichever gateway is up: ${gateways.map(({ http }) => http).join(' or ')}`)}`,
    `  credentials  ${credentials}`,
    `  logs         ${logs}`,
    `  data         ${dim('in temporary folders: it goes when the mesh stops')}`,
    '',
    'Try in another terminal:',
    '',
    `  ${CLI}${options} users add ana bruno`,
    `  ${CLI}${options} tail --as bruno`,
    `  ${CLI}${options} send --as ana --to bruno "Hello, Bruno"`,
    '',
    `Then end any one process below with ${bold('kill -9')}: it is started again, messages may pause, and none is lost.`,
  ].join('\n')
}
