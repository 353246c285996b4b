import type { JsonObject } from '@bufbuild/protobuf'

export const info: JsonObject = {
  title: 'Chat4All',
  version: 'v1',
  license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  description: [
    'Everything that the platform does, over HTTP and JSON. The same calls are there over gRPC, gRPC-Web and Connect.',
    '',
    '1. `POST /auth/token` turns the credentials of an API client into a token. Every other call carries it: `Authorization: Bearer …`.',
    '2. `POST /v1/conversations` opens a conversation.',
    '3. `POST /v1/messages` sends; repeating it with the same `message_id` is safe.',
    '4. `GET /v1/conversations/{conversation_id}/messages?since=…` reads, and `GET /v1/events` is live.',
    '',
    'API clients act for all users of their tenant, and name them (`from`, `user_id`); the app of a user has a token of its own, and names nobody.',
    '',
    'Names are in snake_case, and the names of Protobuf’s JSON (`messageId`) are taken too; so are full names of enum values',
    '(`CONVERSATION_TYPE_PRIVATE`). Integers of 64 bits come as texts. Unknown fields are refused, so that none is misspelt in silence.',
    'Answers may get new fields, and enums new values.',
  ].join('\n'),
}
