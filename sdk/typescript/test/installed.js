/** Runs where the package is installed, under every Node it supports: a conversation over a real server. */
import { ChatError, clientCredentials, connect, DeliveryState, userToken } from '@chat4all/sdk'

const [url, clientId, clientSecret, prefix] = process.argv.slice(2)
const ana = `${prefix}-ana`
const bruno = `${prefix}-bruno`

const app = connect({ url, token: clientCredentials({ clientId, clientSecret }) })
await app.api.users.batchUpsertUsers({ users: [{ userId: ana }, { userId: bruno }] })
const sender = connect({ url, token: userToken({ clientId, clientSecret, userId: ana }) })
const reader = connect({ url, token: userToken({ clientId, clientSecret, userId: bruno }) })

const received = []
const messages = []
for await (const event of reader.subscribe()) {
  if (event.kind === 'caughtUp') for (const text of ['one', 'two', 'three']) void sender.send({ to: bruno, text })
  if (event.kind !== 'messageCreated') continue
  messages.push(event.value)
  if (received.push(event.value.payload?.content.value) === 3) break
}
await reader.flushReceipts()

const states = await sender.messageStatus(messages[0].messageId)
const { ok } = await reader.verify(messages[0].conversationId, messages)
const refused = await sender.send({ to: `${prefix}-nobody`, text: 'x' }).catch((error) => error)
if (!(refused instanceof ChatError)) throw refused

console.log(
  JSON.stringify({
    node: process.versions.node.split('.')[0],
    received,
    states: states.map(({ state }) => DeliveryState[state]),
    proven: ok,
    refused: refused.reason,
  }),
)
await Promise.all([app, sender, reader].map((chat) => chat.close()))
