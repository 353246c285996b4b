import type { Examples } from '../../packages/rpc/src/openapi/index.ts'

const CONVERSATION = '019aa0c2-7d5e-7c21-9f44-5a1c1c6b2e10'
const MESSAGE = '019aa0c3-1a2b-7d3c-8e4f-60718293a4b5'
const TIME = '2030-01-31T12:00:00.123Z'
const BRUNO = { user_id: 'bruno' }

const text = (words: string) => ({ type: 'text', text: words })

const user = {
  user_id: 'ana',
  display_name: 'Ana',
  metadata: { crm_id: '4711' },
  state: 'active',
  create_time: TIME,
  update_time: TIME,
}

const message = {
  message_id: MESSAGE,
  conversation_id: CONVERSATION,
  sequence: '1',
  revision: '2',
  from: 'ana',
  payload: text('Hello, Bruno!'),
  reply_to: '',
  mentions: [],
  channels: ['all'],
  metadata: { priority: 'high' },
  create_time: TIME,
  deleted_by: '',
  reactions: [{ emoji: '👍', user_ids: ['bruno'], count: 1 }],
}

const conversation = {
  conversation_id: CONVERSATION,
  type: 'private',
  title: '',
  metadata: { origin: 'guide' },
  member_count: 2,
  create_time: TIME,
  update_time: TIME,
  last_sequence: '1',
  revision: '2',
  last_message: message,
  view: { user_id: 'bruno', unread_count: '1', first_unread: '1', delivered_through: '1', read_through: '0', role: 'member' },
}

const event = { conversation_id: CONVERSATION, revision: '2', time: TIME, message_created: message }
const receipt = { user_id: 'bruno', delivered_through: '1', delivered_time: TIME, read_through: '1', read_time: TIME }

/** What the OpenAPI document shows, and Swagger UI offers to send. The calls are those of an API client. */
export const examples: Examples = {
  requests: {
    CreateToken: { client_id: 'c_8f14e45fceea', client_secret: 'as in credentials.json' },
    CreateUserToken: { user_id: 'ana', ttl: '600s' },
    RevokeToken: { token: 'eyJhbGciOiJFZERTQSJ9…' },

    UpsertUser: { user: { user_id: 'ana', display_name: 'Ana', metadata: { crm_id: '4711' } } },
    BatchUpsertUsers: { users: [{ user_id: 'ana', display_name: 'Ana' }, { user_id: 'bruno' }] },
    GetUser: { user_id: 'ana' },
    ListUsers: { page_size: 50 },
    UpdateUser: { user: { user_id: 'ana', display_name: 'Ana Maria' }, update_mask: 'display_name' },
    DeactivateUser: { user_id: 'ana' },

    CreateConversation: { type: 'private', members: ['ana', 'bruno'], metadata: { origin: 'guide' } },
    GetConversation: { conversation_id: CONVERSATION, user_id: 'ana' },
    ListConversations: { user_id: 'ana', page_size: 50 },
    UpdateConversation: { conversation_id: CONVERSATION, title: 'Plans', update_mask: 'title' },
    ListMembers: { conversation_id: CONVERSATION, page_size: 50 },
    AddMembers: { conversation_id: CONVERSATION, members: ['carla'] },
    RemoveMembers: { conversation_id: CONVERSATION, members: ['carla'] },
    LeaveConversation: { conversation_id: CONVERSATION, ...BRUNO },
    SetMemberRole: { conversation_id: CONVERSATION, ...BRUNO, role: 'admin' },

    SendMessage: {
      message_id: MESSAGE,
      conversation_id: CONVERSATION,
      from: 'ana',
      to: 'bruno',
      channels: ['all'],
      payload: text('Hello, Bruno!'),
      metadata: { priority: 'high' },
    },
    GetMessage: { message_id: MESSAGE },
    ListMessages: { conversation_id: CONVERSATION, since: 0, page_size: 50 },
    EditMessage: { message_id: MESSAGE, from: 'ana', payload: text('Good morning, Bruno!') },
    ListMessageEdits: { message_id: MESSAGE },
    DeleteMessage: { message_id: MESSAGE, from: 'ana' },
    AddReaction: { message_id: MESSAGE, from: 'bruno', emoji: '👍' },
    RemoveReaction: { message_id: MESSAGE, from: 'bruno', emoji: '👍' },
    GetMessageStatus: { message_id: MESSAGE },
    WatchMessageStatus: { message_id: MESSAGE },

    MarkReceipts: { ...BRUNO, marks: [{ conversation_id: CONVERSATION, read_through: '1' }] },
    ListReceipts: { conversation_id: CONVERSATION },

    ListChanges: { conversation_id: CONVERSATION, after_revision: 0, page_size: 50 },
    SyncChanges: { ...BRUNO },
    GetRangeDigest: { conversation_id: CONVERSATION, from_sequence: 1, to_sequence: 1 },
    Subscribe: { ...BRUNO },

    CreateTenant: { tenant_id: 'acme', name: 'Acme' },
    ListTenants: { page_size: 50 },
    CreateApiClient: { name: 'Back office', role: 'tenant' },
    ListApiClients: { page_size: 50 },
    RotateApiClientSecret: { client_id: 'c_8f14e45fceea', grace_seconds: 3600 },
    RevokeApiClient: { client_id: 'c_8f14e45fceea' },
    RotateSigningKey: {},
    VerifyIntegrity: {},
  },

  messages: {
    'chat4all.v1.CreateTokenResponse': {
      access_token: 'eyJhbGciOiJFZERTQSJ9…',
      token_type: 'Bearer',
      expire_time: '2030-01-31T13:00:00Z',
      tenant_id: 'acme',
    },
    'chat4all.v1.User': user,
    'chat4all.v1.Conversation': conversation,
    'chat4all.v1.Payload': text('Hello, Bruno!'),
    'chat4all.v1.Message': message,
    'chat4all.v1.SendMessageResponse': {
      status: 'accepted',
      message_id: MESSAGE,
      conversation_id: CONVERSATION,
      create_time: TIME,
    },
    'chat4all.v1.StatusEntry': { user_id: 'bruno', channel: 'app', state: 'read', time: TIME, cause: 'receipt' },
    'chat4all.v1.Receipt': receipt,
    'chat4all.v1.Event': event,
    'chat4all.v1.ListChangesResponse': { events: [event], revision: '2' },
    'chat4all.v1.SyncChangesResponse': { events: [event], snapshots: [], cursor: 'AQID', more: false },
    'chat4all.v1.SubscribeResponse': { events: [event], cursor: 'AQID', snapshots: [], caught_up: false, heartbeat: false },
    'chat4all.v1.VerifyIntegrityResponse': { progress: { conversations: '1', messages: '1', findings: '0', done: true } },
  },
}
