import type { DescMethodUnary, MessageInitShape, MessageShape } from '@bufbuild/protobuf'
import type { ThinClient } from './thin-client.mjs'

export declare class SetupApi {
  static signIn(port: number, credentials: { readonly client_id: string; readonly client_secret: string }): Promise<SetupApi>
  call<M extends DescMethodUnary>(method: M, init: MessageInitShape<M['input']>): Promise<MessageShape<M['output']>>
  createUsers(userIds: readonly string[]): Promise<void>
  connect(userId: string): Promise<ThinClient>
  createPrivate(a: string, b: string): Promise<string>
  createGroup(title: string, members: readonly string[]): Promise<string>
  close(): Promise<void>
}
