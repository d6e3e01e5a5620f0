import type { GroupProtocol, JoinGroupRequest, SyncGroupRequest } from './group-request.ts'

/*
 * What members cost in memory, near enough: their bytes as they are, two for each character of a string, and what objects,
 * map entries and timers take besides. An array of a request costs many times its bytes if its elements are small.
 */

const memberOverheadBytes = 1024
export const elementOverheadBytes = 256

export const stringBytes = (...texts: readonly (string | null)[]): number =>
  texts.reduce((sum, text) => sum + 2 * (text?.length ?? 0), 0)

/** What each member costs by its group's names: those of its timers and of its tie hold the id, its request the protocol type. */
export const groupNamesBytes = (groupId: string, protocolType: string | null): number =>
  stringBytes(groupId, groupId, protocolType)

/** What of a member stays the same. */
export function identityBytes(member: {
  readonly id: string
  readonly instanceId: string | null
  readonly clientId: string
}): number {
  // The id stands in the names of timers and of the tie to a connection too.
  return memberOverheadBytes + stringBytes(member.id, member.id, member.id, member.instanceId, member.clientId)
}

export function protocolsBytes(protocols: readonly GroupProtocol[]): number {
  return protocols.reduce((sum, { name, metadata }) => sum + elementOverheadBytes + stringBytes(name) + metadata.length, 0)
}

/** An id that was given out and has not joined yet. */
export const pendingMemberBytes = (memberId: string): number => memberOverheadBytes + stringBytes(memberId, memberId, memberId)

/** Kafka's clients cut their reasons to this length (KIP-800); a member's overhead allows for one. */
const reasonLengthMax = 255

/** What a JoinGroup keeps alive while it waits, besides what its member keeps of it anyway. */
export const parkedJoinBytes = ({ reason }: JoinGroupRequest): number => 2 * Math.max(0, (reason?.length ?? 0) - reasonLengthMax)

/** The same of a SyncGroup: Kafka ignores the assignments of whoever does not lead, but they are in memory. */
export function parkedSyncBytes({ assignments }: SyncGroupRequest): number {
  return assignments.reduce(
    (sum, { memberId, assignment }) => sum + elementOverheadBytes + stringBytes(memberId) + assignment.length,
    0,
  )
}
