/** Distinct emoji on one message. Gateways refuse more, and the order leaves out what slipped through at the same moment. */
export const MAX_REACTIONS = 64

/** How many of the users who reacted with one emoji a message names. The count says how many there are. */
const SHOWN_USERS = 50

/** Reactions as callers see them: cut to the first users. Stored messages keep everybody. */
export function shownReactions<R extends { readonly userIds: readonly string[] }>(reactions: readonly R[]): R[] {
  return reactions.map((reaction) =>
    reaction.userIds.length > SHOWN_USERS ? { ...reaction, userIds: reaction.userIds.slice(0, SHOWN_USERS) } : reaction,
  )
}
