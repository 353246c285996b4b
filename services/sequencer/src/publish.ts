import { create, toBinary } from '@bufbuild/protobuf'
import { encodeParts } from '@chat4all/base'
import { LiveBatchSchema } from '@chat4all/gen/chat4all/internal/v1/live_batch_pb.js'
import { conversationSubject, followSubjects, type LiveBus, type Partition, SETTLED_SUBJECT, userSubject } from '@chat4all/ports'
import type { OrderingConversation } from './domain/conversation.ts'
import { encodeResponse } from './encode.ts'

/** Tells everybody who follows a conversation what a batch brought. One encoding for all of them.
 *  `publishedThrough` is the position up to which the partition is published with this, 0 if more of the commit follows. */
export function publishLive(bus: LiveBus, conversation: OrderingConversation, publishedThrough: bigint): void {
  const { key, head, events } = conversation
  const { tenantId, conversationId } = key
  if (conversation.metAgain) publishNudge(bus, conversation)
  const first = events[0]
  if (first === undefined) return
  publishFarewells(bus, conversation)
  const batch = create(LiveBatchSchema, {
    tenantId,
    conversationId,
    partition: head.partition,
    position: head.position,
    firstRevision: first.revision,
    lastRevision: head.revision,
    membersChanged: conversation.membersChanged,
    publishedThrough,
  })
  const response = encodeResponse(events.map(({ event }) => event))
  bus.publish(subjects(conversation), encodeParts([toBinary(LiveBatchSchema, batch), [LiveBatchSchema.field.response.number, response]]))
}

/** Those who left are told that they did. This comes first: their gateways then stop following the conversation before the rest of the batch, in which there may be things that happened later. */
function publishFarewells(
  bus: LiveBus,
  { key: { tenantId, conversationId }, head, members, events, farewells }: OrderingConversation,
): void {
  for (const { userIds, event } of farewells) {
    const gone = userIds.filter((userId) => !members.has(userId))
    const farewell = create(LiveBatchSchema, {
      tenantId,
      conversationId,
      partition: head.partition,
      firstRevision: events[0]!.revision,
      lastRevision: event.revision,
      response: encodeResponse([event.event]),
      farewell: true,
    })
    bus.publish(
      gone.map((userId) => userSubject(tenantId, userId)),
      toBinary(LiveBatchSchema, farewell),
    )
  }
}

/** Tells every gateway how far the partition is published, also those that follow nothing in it. */
export function publishSettled(bus: LiveBus, partition: Partition, position: bigint): void {
  bus.publish([SETTLED_SUBJECT], toBinary(LiveBatchSchema, create(LiveBatchSchema, { partition, position })))
}

/** Records may have been applied but not published. An empty batch makes the gateways read again what their streams may miss. */
function publishNudge(bus: LiveBus, conversation: OrderingConversation): void {
  const { key, head } = conversation
  const { tenantId, conversationId } = key
  const nudge = create(LiveBatchSchema, {
    tenantId,
    conversationId,
    partition: head.partition,
    firstRevision: head.revision + 1n,
    lastRevision: head.revision,
  })
  bus.publish(follow(conversation), toBinary(LiveBatchSchema, nudge))
}

/** Subjects by the members they reach: a conversation keeps the same map until its members change. */
const followCache = new WeakMap<object, readonly string[]>()

function follow({ key, members }: OrderingConversation): readonly string[] {
  let cached = followCache.get(members)
  if (cached === undefined) {
    cached = followSubjects(key.tenantId, key.conversationId, [...members.keys()])
    followCache.set(members, cached)
  }
  return cached
}

/** While members change, followers may be on either side of the limit: both kinds of subject are told, and gateways drop the repeat. */
function subjects(conversation: OrderingConversation): readonly string[] {
  const { key, members, membersChanged } = conversation
  if (!membersChanged) return follow(conversation)
  return [...[...members.keys()].map((userId) => userSubject(key.tenantId, userId)), conversationSubject(key.conversationId)]
}
