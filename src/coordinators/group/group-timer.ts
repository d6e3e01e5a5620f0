/** What a group waits for. Keys are unambiguous whatever stands in a group id: its length leads where more follows. */
export type GroupTimer =
  | { readonly kind: 'join'; readonly groupId: string }
  | { readonly kind: 'sync'; readonly groupId: string }
  | {
      readonly kind: 'session' | 'rebalance' | 'evict' | 'member-join' | 'member-sync'
      readonly groupId: string
      readonly memberId: string
    }
  | { readonly kind: 'offset-expiry' }

/** The rebalance ends even if not all have joined. */
export const joinTimer = (groupId: string): string => `join:${groupId}`
/** Members that have not fetched their assignment by then are removed. */
export const syncTimer = (groupId: string): string => `sync:${groupId}`
/** The member has not been heard of for its session timeout. */
export const sessionTimer = (groupId: string, memberId: string): string => `session:${groupId.length}:${groupId}:${memberId}`
/** The member of a consumer group has not given up in time what it had to. */
export const rebalanceTimer = (groupId: string, memberId: string): string => `rebalance:${groupId.length}:${groupId}:${memberId}`
/** The classic member of a consumer group was told to join again and has not. */
export const memberJoinTimer = (groupId: string, memberId: string): string =>
  `member-join:${groupId.length}:${groupId}:${memberId}`
/** It has joined and has not asked for its assignment. */
export const memberSyncTimer = (groupId: string, memberId: string): string =>
  `member-sync:${groupId.length}:${groupId}:${memberId}`
/** The connection of the member's client has ended (group.evict.on.disconnect). */
export const evictionTimer = (groupId: string, memberId: string): string => `evict:${groupId.length}:${groupId}:${memberId}`
/** One for all groups of a machine: what offsets.retention.minutes asks for. */
export const offsetExpiryTimer = 'offset-expiry'

export function parseTimer(key: string): GroupTimer {
  if (key === offsetExpiryTimer) return { kind: 'offset-expiry' }
  const colon = key.indexOf(':')
  const kind = key.slice(0, colon)
  const rest = key.slice(colon + 1)
  if (kind === 'join' || kind === 'sync') return { kind, groupId: rest }
  const start = rest.indexOf(':') + 1
  const end = start + Number(rest.slice(0, start - 1))
  return {
    kind: kind === 'rebalance' || kind === 'evict' ? kind : 'session',
    groupId: rest.slice(start, end),
    memberId: rest.slice(end + 1),
  }
}
