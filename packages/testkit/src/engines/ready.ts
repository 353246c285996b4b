import { connect } from 'node:net'

/** Whether this address answers with 200. */
export async function answersOk(url: string): Promise<boolean> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(2000) })
  await answer.body?.cancel()
  return answer.status === 200
}

/** Whether a CQL server answers an OPTIONS request (protocol 4) with SUPPORTED. */
export function answersCql(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect(port, '127.0.0.1', () => socket.write(Uint8Array.of(4, 0, 0, 1, 5, 0, 0, 0, 0)))
  socket.setTimeout(2000, () => socket.destroy())
  socket.once('data', (answer) => {
    resolve(answer[4] === 6)
    socket.destroy()
  })
  socket.on('error', () => {})
  socket.on('close', () => resolve(false))
  return promise
}
