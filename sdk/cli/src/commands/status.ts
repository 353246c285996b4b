import { Command } from 'commander'
import type { Context } from '../context.ts'
import { EXIT, Failure } from '../failure.ts'
import { examples } from '../help.ts'
import { LEDGER_TITLES, ledgerLine, ledgerRow } from '../ledger-line.ts'

export function statusCommand(context: Context): Command {
  const command = new Command('status')
    .description('show the ledger of a message: who, on which channel, reached which state, when, and why')
    .argument('<message>', 'its id')
    .option('--watch', 'go on until everybody has read it')
    .action((messageId: string, { watch }: { watch?: true }) => (watch ? watchStatus(context, messageId) : showStatus(context, messageId)))
  return examples(command, 'chat4all status MESSAGE', 'chat4all status MESSAGE --watch')
}

async function showStatus(context: Context, messageId: string): Promise<void> {
  await context.output.list(LEDGER_TITLES, await context.client().messageStatus(messageId), ledgerRow)
}

async function watchStatus(context: Context, messageId: string): Promise<void> {
  const signal = context.untilInterrupted()
  try {
    for await (const entry of context.client().watchStatus(messageId, signal)) context.output.one(entry, ledgerLine(context.output, entry))
  } catch (error) {
    if (signal.aborted) throw new Failure('', EXIT.interrupted)
    throw error
  }
}
