/** Work as it stands in a stream, with what the last attempt said when it is among the dead letters. */
export interface Letter {
  readonly id: string
  readonly payload: Uint8Array
  readonly reason: string
  readonly attempts: number
}

const HEAD_BYTES = 8

/** Attempts, the lengths of the id and the reason, both, the payload. */
export function encodeLetter({ id, payload, reason, attempts }: Letter): Uint8Array {
  const [idBytes, reasonBytes] = [Buffer.from(id), Buffer.from(reason)]
  const head = Buffer.allocUnsafe(HEAD_BYTES)
  head.writeUInt32BE(attempts)
  head.writeUInt16BE(idBytes.byteLength, 4)
  head.writeUInt16BE(reasonBytes.byteLength, 6)
  return Buffer.concat([head, idBytes, reasonBytes, payload])
}

export function decodeLetter(message: Uint8Array): Letter {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength)
  const reasonAt = HEAD_BYTES + bytes.readUInt16BE(4)
  const payloadAt = reasonAt + bytes.readUInt16BE(6)
  return {
    attempts: bytes.readUInt32BE(),
    id: bytes.toString('utf8', HEAD_BYTES, reasonAt),
    reason: bytes.toString('utf8', reasonAt, payloadAt),
    payload: message.subarray(payloadAt),
  }
}
