import { ConversationType } from '../../gen/src/chat4all/v1/conversation_pb.js'
import { ConversationService } from '../../gen/src/chat4all/v1/conversation_service_pb.js'
import { type Load, type Member, type Mesh, waitUntil } from '../../packages/testkit/src/index.ts'
import { taken } from './partition-owners.ts'
import { type Stretch, seconds } from './pulse.ts'

export interface Scene {
  readonly mesh: Mesh
  readonly load: Load
}

/** Somebody who is killed, and how to tell who does its work meanwhile. */
export interface Act {
  readonly victim: Member
  /** What there is to know before. */
  readonly role: string
  /** Called right after the kill. */
  begin(): Promise<Ending>
}

/** Who took over, told when everything flows again. */
type Ending = (stretch: Readonly<Stretch>) => string

/** In turn: a service of each kind, then the engines. */
export function failoverActs({ mesh, load }: Scene): readonly Act[] {
  const { nats, cql, postgres } = mesh.engines
  return [
    gatewayAct(mesh),
    directoryAct(mesh, load),
    sequencerAct(mesh),
    natsAct(nats),
    {
      victim: cql,
      role: 'the only node of the message store here; production has three',
      begin: async () => () => 'nobody; messages were accepted into the log and waited there',
    },
    {
      victim: postgres,
      role: 'who is who, and who is a member where; gateways may rely on its answers for 2 s',
      begin: async () => () => 'nobody; after 2 s nothing was accepted, and senders repeated',
    },
  ]
}

function gatewayAct({ gateways: [victim, other] }: Mesh): Act {
  return {
    victim: victim!,
    role: 'half of the clients are connected to it',
    begin: async () => (stretch) => `${other!.name}: ${stretch.reopened.size} clients came to it, with the same ids and cursors`,
  }
}

/** Asks for a new conversation, which only a directory can make. */
function directoryAct({ directories: [victim, other] }: Mesh, load: Load): Act {
  return {
    victim: victim!,
    role: 'accounts, conversations and members',
    begin: async () => {
      const asked = performance.now()
      await createConversation(load)
      const took = performance.now() - asked
      return () => `${other!.name}: asked for a new conversation at once, it made it in ${seconds(took)}`
    },
  }
}

/** Asks again where nobody answered, which is safe with the same request id. */
async function createConversation({ tenants: [tenant] }: Load): Promise<void> {
  const request = { type: ConversationType.GROUP, members: ['sender-0', 'receiver-0'], requestId: crypto.randomUUID() }
  const create = () => tenant!.client.call(ConversationService.method.createConversation, request)
  await waitUntil('a conversation is made', () =>
    create().then(
      () => true,
      () => false,
    ),
  )
}

function sequencerAct({ sequencers: [victim, other] }: Mesh): Act {
  return {
    victim: victim!,
    role: 'it orders and stores the messages of its partitions',
    begin: async () => {
      const killedAt = Date.now()
      return () => {
        const own = taken(other!, killedAt)
        const last = Math.max(...own.map(({ time }) => time)) - killedAt
        const count = new Set(own.map(({ partition }) => partition)).size
        return count === 0 ? 'nobody' : `${other!.name}: it got ${count} partitions, the last one after ${seconds(last)}`
      }
    },
  }
}

function natsAct([victim, ...others]: readonly Member[]): Act {
  const elected = () => others.map(({ process }) => process!.log.split('new stream leader for').length - 1)
  return {
    victim: victim!,
    role: 'one of three that hold the log; two are a majority',
    begin: async () => {
      const before = elected()
      return () => {
        const [a, b] = elected().map((count, index) => `${others[index]!.name} leads ${count - before[index]!}`)
        return `${a} and ${b} streams more`
      }
    },
  }
}
