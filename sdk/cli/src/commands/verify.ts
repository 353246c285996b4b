import { IntegrityDefect, type IntegrityFinding, type IntegrityProgress } from '@chat4all/sdk'
import { Command } from 'commander'
import type { Context } from '../context.ts'
import { EXIT, Failure } from '../failure.ts'
import { examples } from '../help.ts'
import { oneLine } from '../terminal-text.ts'

export function verifyCommand(context: Context): Command {
  const command = new Command('verify')
    .description('check everything stored: gaps, duplicates, order, receipts, lost messages. Exit code 1 if anything is wrong')
    .option('--tenant <id>', 'one tenant only (operators)')
    .action(({ tenant }: { tenant?: string }) => verify(context, tenant ?? ''))
  return examples(command, 'chat4all verify', 'chat4all verify --json')
}

async function verify(context: Context, tenantId: string): Promise<void> {
  const { output } = context
  let last: IntegrityProgress | undefined
  for await (const { event } of context.client().api.admin.verifyIntegrity({ tenantId })) {
    if (event.case === 'finding') show(context, event.value)
    if (event.case !== 'progress') continue
    last = event.value
    output.progress(`checked ${counted(last)}`)
  }
  output.progress('')
  if (!last?.done) throw new Failure('the check ended early: nothing is proven')
  output.one(
    last,
    `${last.findings === 0n ? output.paint('green', 'clean') : output.paint('red', counting(last.findings, 'defect'))}: ${counted(last)} checked`,
  )
  if (last.findings > 0n) context.setExitCode(EXIT.failed)
}

function show({ output }: Context, finding: IntegrityFinding): void {
  const { defect, tenantId, conversationId, number, detail } = finding
  output.progress('')
  const where = [tenantId, conversationId, number === 0n ? '' : `#${number}`].filter(Boolean).join(' ')
  output.one(finding, `${output.paint('red', IntegrityDefect[defect] ?? 'UNKNOWN')}  ${where}  ${oneLine(detail)}`)
}

const counted = ({ conversations, messages }: IntegrityProgress): string =>
  `${counting(messages, 'message')} in ${counting(conversations, 'conversation')}`

const counting = (count: bigint, thing: string): string => `${count} ${thing}${count === 1n ? '' : 's'}`
