import { fromBinary } from '@bufbuild/protobuf'
import { ChatError } from '@chat4all/base'
import { LogRecordSchema } from '@chat4all/gen/chat4all/internal/v1/log_record_pb.js'
import { type AdminService, IntegrityDefect } from '@chat4all/gen/chat4all/v1/admin_service_pb.js'
import type { ConversationLog, IntegrityFinding, LogEntry, MessageStore } from '@chat4all/ports'
import type { Principal, ServerStreamHandler } from '@chat4all/rpc'
import type { Ordered } from '../ordered.ts'

const LOG_PAGE = 500

interface Deps {
  readonly store: MessageStore
  readonly log: ConversationLog
  readonly ordered: Ordered
}

/** First the log against the store, then the store within itself. */
export function verifyIntegrity(deps: Deps): ServerStreamHandler<typeof AdminService.method.verifyIntegrity> {
  return async ({ tenantId: asked }, { principal, signal }, out) => {
    const tenantId = scope(principal!, asked)
    const progress = { conversations: 0n, messages: 0n, findings: 0n }
    const tell = async (findings: readonly IntegrityFinding[]) => {
      progress.findings += BigInt(findings.length)
      for (const finding of findings) await out.send({ event: { case: 'finding', value: finding } })
      await out.send({ event: { case: 'progress', value: progress } })
    }
    for await (const findings of lostMessages(deps, tenantId, signal)) await tell(findings)
    for (let cursor: string | undefined = ''; cursor !== undefined && !signal.aborted; ) {
      const page = await deps.store.verify(tenantId, cursor)
      progress.conversations += BigInt(page.conversations)
      progress.messages += BigInt(page.messages)
      await tell(page.findings)
      cursor = page.next
    }
    await out.send({ event: { case: 'progress', value: { ...progress, done: true } } })
  }
}

/** One tenant, or undefined for all. */
function scope({ tenantId, operator }: Principal, asked: string): string | undefined {
  if (!operator && asked !== '' && asked !== tenantId) throw new ChatError('ACCESS_DENIED', 'Only an operator may check another tenant.')
  if (asked !== '') return asked
  return operator ? undefined : tenantId
}

/** Messages that the log still holds and the store should have. Grows with the log's retention. */
async function* lostMessages(
  { store, log, ordered }: Deps,
  tenantId: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<readonly IntegrityFinding[]> {
  await ordered.untilAllEnds()
  const settled = await store.settled()
  for (let partition = 0; partition < log.partitions; partition++) {
    const through = settled.get(partition) ?? 0n
    for (let after = 0n; after < through && !signal.aborted; ) {
      const entries = (await log.list(partition, after, LOG_PAGE)).filter(({ position }) => position <= through)
      if (entries.length === 0) break
      yield await missing(store, entries, tenantId)
      after = entries.at(-1)!.position
    }
  }
}

async function missing(
  store: MessageStore,
  entries: readonly LogEntry[],
  tenantId: string | undefined,
): Promise<readonly IntegrityFinding[]> {
  const accepted = entries.flatMap(({ position, record }) => {
    const { kind, ...key } = fromBinary(LogRecordSchema, record)
    if (kind.case !== 'message' || (tenantId !== undefined && key.tenantId !== tenantId)) return []
    return [{ tenantId: key.tenantId, conversationId: key.conversationId, messageId: kind.value.messageId, position }]
  })
  const { holders } = await store.load([], accepted)
  return accepted
    .filter((_, i) => holders[i] === undefined)
    .map(({ tenantId, conversationId, messageId, position }) => ({
      tenantId,
      conversationId,
      defect: IntegrityDefect.MESSAGE_LOST,
      number: position,
      detail: `message ${messageId} is in the log at position ${position} but not in the store`,
    }))
}
