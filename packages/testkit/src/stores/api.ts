import { MessageService } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { ReceiptService } from '@chat4all/gen/chat4all/v1/receipt_service_pb.js'
import type { RawClient } from '../grpc-client.ts'
import type { Reading, StoredRow } from '../history.ts'
import { contents } from './contents.ts'

/** Every message of one conversation, and its receipts, as the API gives them. */
export async function readThroughApi(client: RawClient, tenant: string, conversation: string): Promise<Reading> {
  const rows: StoredRow[] = []
  let pageToken = ''
  do {
    const request = { conversationId: conversation, position: { case: 'since', value: 0n }, pageSize: 200, pageToken } as const
    const page = await client.call(MessageService.method.listMessages, request)
    for (const message of page.messages) rows.push({ ...contents(message), tenant })
    pageToken = page.nextPageToken
  } while (pageToken !== '')
  const { receipts } = await client.call(ReceiptService.method.listReceipts, { conversationId: conversation })
  return { source: 'ListMessages', tenant, conversation, rows, receipts: new Map(receipts.map((r) => [r.userId, r])) }
}
