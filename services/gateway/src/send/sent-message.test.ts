import { fromBinary, toBinary } from '@bufbuild/protobuf'
import { LogRecordSchema } from '@chat4all/gen/chat4all/internal/v1/log_record_pb.js'
import { withTrace } from '@chat4all/rpc'
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

test('carries the trace of the call into the record, and not a byte without one', () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  const message = messageOfRecord(record)!
  const traced = withTrace(traceparent, () => encodeRecord('acme', message))
  expect(fromBinary(LogRecordSchema, traced).traceparent).toBe(traceparent)
  expect(encodeRecord('acme', message)).toHaveLength(record.length)
})
