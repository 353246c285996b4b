// The few set-up calls that every load needs, over a ThinClient. Plain JavaScript for the same reason.
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { AuthService } from '@chat4all/gen/chat4all/v1/auth_service_pb.js'
import { ConversationType } from '@chat4all/gen/chat4all/v1/conversation_pb.js'
import { ConversationService } from '@chat4all/gen/chat4all/v1/conversation_service_pb.js'
import { UserService } from '@chat4all/gen/chat4all/v1/user_service_pb.js'
import { ThinClient } from './thin-client.mjs'

/** Signed in as an API client, on the port of a server. */
export class SetupApi {
  #port
  #client

  constructor(port, client) {
    this.#port = port
    this.#client = client
  }

  static async signIn(port, { client_id: clientId, client_secret: clientSecret }) {
    const anonymous = await ThinClient.connect(port)
    const { accessToken } = await call(anonymous, AuthService.method.createToken, { clientId, clientSecret })
    await anonymous.close()
    return new SetupApi(port, await ThinClient.connect(port, accessToken))
  }

  /** Calls any unary RPC. */
  call(method, init) {
    return call(this.#client, method, init)
  }

  async createUsers(userIds) {
    for (let at = 0; at < userIds.length; at += 100) {
      await this.call(UserService.method.batchUpsertUsers, { users: userIds.slice(at, at + 100).map((userId) => ({ userId })) })
    }
  }

  /** A user's session: signed in with a token of their own, live stream open. */
  async connect(userId) {
    const { accessToken } = await this.call(AuthService.method.createUserToken, { userId })
    const client = await ThinClient.connect(this.#port, accessToken)
    await client.subscribe()
    return client
  }

  async createPrivate(a, b) {
    return await this.#create({ type: ConversationType.PRIVATE, members: [a, b] })
  }

  async createGroup(title, members) {
    return await this.#create({ type: ConversationType.GROUP, title, members })
  }

  async close() {
    await this.#client.close()
  }

  async #create(init) {
    const { conversation } = await this.call(ConversationService.method.createConversation, init)
    return conversation.conversationId
  }
}

async function call(client, method, init) {
  const answer = await client.call(`/${method.parent.typeName}/${method.name}`, toBinary(method.input, create(method.input, init)))
  return fromBinary(method.output, answer)
}
