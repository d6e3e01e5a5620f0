import { errorCode, KafkaError } from '../../../protocol/errors.ts'
import type { Group } from './group.ts'
import type { DeletedGroup } from './group-request.ts'
import type { Offsets } from './offsets/offsets.ts'
import { offsetTombstone } from './records.ts'
import type { Turn } from './turn.ts'

/** Removes groups that nobody is a member of, with their offsets; those of open transactions, too. */
export function deleteGroups(
  groupIds: readonly string[],
  groups: ReadonlyMap<string, Group>,
  offsets: Offsets,
  turn: Turn,
): readonly DeletedGroup[] {
  return groupIds.map((groupId) => {
    const refusal = deleteGroup(groupId, groups.get(groupId), offsets, turn)
    if (refusal === null) return { groupId, errorCode: errorCode('NONE'), errorMessage: null }
    return { groupId, errorCode: refusal.errorCode, errorMessage: refusal.message }
  })
}

function deleteGroup(groupId: string, group: Group | undefined, offsets: Offsets, turn: Turn): KafkaError | null {
  if (group === undefined) return new KafkaError('GROUP_ID_NOT_FOUND', `Group ${groupId} not found.`)
  const refusal = group.deletionRefusal()
  if (refusal !== null) return new KafkaError(refusal)
  for (const { topic, partition } of offsets.partitionsOf(groupId)) turn.record(offsetTombstone(groupId, topic, partition))
  for (const record of group.tombstones()) turn.record(record)
  return null
}
