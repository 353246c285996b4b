import { fromBinary, toBinary } from '@bufbuild/protobuf'
import { LogRecordSchema } from '@chat4all/gen/chat4all/internal/v1/log_record_pb.js'
import { expect, test } from 'vitest'
import golden from '../../../../tests/vectors/log-records-1.json' with { type: 'json' }
import { encodeRecord, messageOfRecord, sameContent } from './sent-message.ts'

const record = Uint8Array.from(Buffer.from(golden.records.message, 'base64'))

test('finds the message in a record of version 1, and writes the same', () => {
  const message = messageOfRecord(record)!
  expect(message).toMatchObject({ from: 'ana', payload: { content: { value: 'hello' } } })
  expect(sameContent(messageOfRecord(encodeRecord('acme', message))!, message)).toBe(true)
})

test('compares nothing with a record of a newer version', () => {
  const newer = { ...fromBinary(LogRecordSchema, record), schemaVersion: 2 }
  expect(messageOfRecord(toBinary(LogRecordSchema, newer))).toBeUndefined()
})
