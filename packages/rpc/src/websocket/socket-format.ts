import { create, fromBinary, fromJson, type JsonValue, type MessageInitShape, toBinary, toJson } from '@bufbuild/protobuf'
import { ChatError, encodeParts } from '@chat4all/base'
import { SubscribeResponseSchema } from '@chat4all/gen/chat4all/v1/live_service_pb.js'
import { type LiveSocketRequest, LiveSocketRequestSchema, LiveSocketResponseSchema } from '@chat4all/gen/chat4all/v1/live_socket_pb.js'
import { detailTypes } from '../errors.ts'
import { toProtoJson, toRestJson } from '../rest/json-names.ts'

export type Answer = MessageInitShape<typeof LiveSocketResponseSchema>

/** The form of the frames in both directions. */
export interface SocketFormat {
  readonly protocol: string
  /** Throws REQUEST_MALFORMED. */
  read(frame: Buffer, isBinary: boolean): LiveSocketRequest
  write(answer: Answer): Buffer | string
  /** An encoded SubscribeResponse as an event. Made once for all who share it. */
  event(encoded: Uint8Array): Buffer | string
}

const EVENT = LiveSocketResponseSchema.field.event.number
const READ = { registry: detailTypes, recursionLimit: 64 }
const WRITE = { registry: detailTypes, useProtoFieldName: true, alwaysEmitImplicit: true }

/** Binary frames hold Protobuf. */
const proto: SocketFormat = {
  protocol: 'chat4all.v1.proto',
  read(frame, isBinary) {
    if (!isBinary) throw malformed()
    return attempt(() => fromBinary(LiveSocketRequestSchema, frame))
  },
  write: (answer) => Buffer.from(toBinary(LiveSocketResponseSchema, create(LiveSocketResponseSchema, answer))),
  event: once((encoded) => Buffer.from(encodeParts([[EVENT, encoded]]))),
}

/** Text frames hold JSON as REST has it. */
const json: SocketFormat = {
  protocol: 'chat4all.v1.json',
  read(frame, isBinary) {
    if (isBinary) throw malformed()
    return attempt(() => {
      const value = toProtoJson(LiveSocketRequestSchema, JSON.parse(frame.toString('utf8')) as JsonValue)
      return fromJson(LiveSocketRequestSchema, value, READ)
    })
  },
  write: writeJson,
  event: once((encoded) => writeJson({ response: { case: 'event', value: fromBinary(SubscribeResponseSchema, encoded) } })),
}

/** By their subprotocols. */
export const SOCKET_FORMATS: ReadonlyMap<string, SocketFormat> = new Map([json, proto].map((format) => [format.protocol, format]))

function writeJson(answer: Answer): string {
  const value = toJson(LiveSocketResponseSchema, create(LiveSocketResponseSchema, answer), WRITE)
  return JSON.stringify(toRestJson(LiveSocketResponseSchema, value))
}

function once(make: (encoded: Uint8Array) => Buffer | string): (encoded: Uint8Array) => Buffer | string {
  const made = new WeakMap<Uint8Array, Buffer | string>()
  return (encoded) => {
    let frame = made.get(encoded)
    if (frame === undefined) {
      frame = make(encoded)
      made.set(encoded, frame)
    }
    return frame
  }
}

function attempt<T>(read: () => T): T {
  try {
    return read()
  } catch {
    throw malformed()
  }
}

const malformed = () => new ChatError('REQUEST_MALFORMED', 'The frame is not a LiveSocketRequest in the form of the subprotocol.')
