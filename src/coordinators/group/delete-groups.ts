import { type ErrorName, errorCode } from '../../../protocol/errors.ts'
import type { Group } from './group.ts'
import type { DeletedGroup } from './group-request.ts'
import type { Offsets } from './offsets.ts'
import { offsetTombstone } from './records.ts'
import type { Turn } from './turn.ts'

/** Removes groups that nobody is a member of, with their offsets; those of open transactions, too. */
export function deleteGroups(
  groupIds: readonly string[],
  groups: ReadonlyMap<string, Group>,
  offsets: Offsets,
  turn: Turn,
): readonly DeletedGroup[] {
  return groupIds.map((groupId) => ({ groupId, errorCode: errorCode(deleteGroup(groupId, groups.get(groupId), offsets, turn)) }))
}

function deleteGroup(groupId: string, group: Group | undefined, offsets: Offsets, turn: Turn): ErrorName {
  if (group === undefined) return 'GROUP_ID_NOT_FOUND'
  const refusal = group.deletionRefusal()
  if (refusal !== null) return refusal
  for (const { topic, partition } of offsets.partitionsOf(groupId)) turn.record(offsetTombstone(groupId, topic, partition))
  for (const record of group.tombstones()) turn.record(record)
  return 'NONE'
}
