import { Command } from 'commander'
import type { Context } from '../context.ts'
import { examples } from '../help.ts'

export function whoamiCommand(context: Context): Command {
  const command = new Command('whoami')
    .description('show which server, tenant and API client the command uses, and check that they work')
    .action(() => whoami(context))
  return examples(command, 'chat4all whoami', 'chat4all whoami --as ana')
}

async function whoami(context: Context): Promise<void> {
  const { output, server } = context
  const { credentials, file } = context.found
  const { client_id: clientId, client_secret: clientSecret } = credentials
  const { tenantId } = await context.client().api.auth.createToken({ clientId, clientSecret })
  const user = context.options.as === undefined ? undefined : await self(context)
  if (output.json)
    return output.object({
      server,
      tenantId,
      clientId,
      credentials: file,
      ...(user && { userId: user.userId, displayName: user.displayName }),
    })
  output.line(`server       ${server}`)
  output.line(`tenant       ${tenantId}`)
  output.line(`API client   ${clientId}`)
  output.line(`credentials  ${file}`)
  if (user) output.line(`user         ${user.userId}${user.displayName ? ` (${user.displayName})` : ''}`)
}

async function self(context: Context) {
  const { user } = await context.user().api.users.getUser({ userId: context.userId })
  return user!
}
