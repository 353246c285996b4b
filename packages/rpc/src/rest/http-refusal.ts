import { ChatError, type Reason } from '@chat4all/base'

/** An error whose HTTP status says more than its code does. */
export class HttpRefusal extends ChatError {
  readonly httpStatus: number
  readonly headers: Readonly<Record<string, string>>

  constructor(httpStatus: number, reason: Reason, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(reason, message)
    this.httpStatus = httpStatus
    this.headers = headers
  }
}
