/** An engine is away, or the outcome of a write is unknown. Repeating the call with the same keys is safe. */
export class EngineUnavailable extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'EngineUnavailable'
  }
}

/** The engine has no space left. Nothing of the call was stored. Works again when space returns, without a restart. */
export class StorageFull extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'StorageFull'
  }
}

/** The row changed since it was read: read again and decide afresh. Nothing of the call was stored. */
export class Conflict extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'Conflict'
  }
}

/** A unique key is taken. Nothing of the call was stored. `key` names which. */
export class AlreadyExists extends Error {
  readonly key: 'tenant' | 'private_pair' | 'request_id'
  constructor(key: 'tenant' | 'private_pair' | 'request_id') {
    super(`already exists: ${key}`)
    this.name = 'AlreadyExists'
    this.key = key
  }
}

/** Thrown by the owner of a partition that can't go on with the next record, although another process may: one of a newer version. */
export class HandOver extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'HandOver'
  }
}

/** A message of a batch has an id that another message of its tenant holds. Nothing of the batch was stored. */
export class DuplicateMessageId extends Error {
  constructor() {
    super('a message id is held by another message')
    this.name = 'DuplicateMessageId'
  }
}
