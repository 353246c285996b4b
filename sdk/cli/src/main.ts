import { Context } from './context.ts'
import { exitCode, report } from './failure.ts'
import { createProgram } from './program.ts'

// A reader that has seen enough (`chat4all history … | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

const context = new Context(process)
try {
  await createProgram(context).parseAsync(process.argv)
} catch (error) {
  report(error, context.output)
  process.exitCode = exitCode(error)
} finally {
  await context.close()
}
