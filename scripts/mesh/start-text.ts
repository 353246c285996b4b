import { styleText } from 'node:util'
import type { Mesh } from '../../packages/testkit/src/index.ts'

const CLI = 'node_modules/.bin/chat4all'
const DEFAULT_CREDENTIALS = 'data/credentials.json'

/** What a person sees when the mesh is ready: where it is, and three commands that work when pasted. */
export function startText(
  mesh: Mesh,
  where: { readonly credentials: string; readonly logs: string; readonly httpPorts: readonly number[] },
): string {
  const bold = (text: string) => styleText('bold', text)
  const dim = (text: string) => styleText('dim', text)
  const [first, second] = mesh.gateways.map(({ address }) => address)
  const server = first === '127.0.0.1:9090' ? '' : ` --server http://${first}`
  const credentials = where.credentials === DEFAULT_CREDENTIALS ? '' : ` --credentials ${where.credentials}`
  return [
    '',
    bold('The Chat4All mesh is ready.'),
    '',
    `  gRPC         ${mesh.gateways.map(({ address }) => address).join('   ')}`,
    `  Connect      ${where.httpPorts.map((port) => `http://127.0.0.1:${port}`).join('   ')}`,
    `  credentials  ${where.credentials}`,
    `  logs         ${where.logs}`,
    `  data         ${dim('in temporary folders: it goes when the mesh stops')}`,
    '',
    'Try in another terminal:',
    '',
    `  ${CLI}${server}${credentials} users add ana bruno`,
    `  ${CLI} --server http://${second ?? first}${credentials} tail --as bruno      ${dim('# the other gateway')}`,
    `  ${CLI}${server}${credentials} send --as ana --to bruno "Hello, Bruno"`,
    '',
    `Then end any one process below with ${bold('kill -9')}: messages pause at most, and none is lost.`,
  ].join('\n')
}
