import { errorCode } from '../../../../protocol/errors.ts'
import type { Group } from '../group.ts'
import type { GroupInput, OffsetDeleteRequest, OffsetDeleteResponse } from '../group-request.ts'
import { offsetTombstone } from '../records.ts'
import type { Turn } from '../turn.ts'
import type { Offsets } from './offsets.ts'

/** Removes offsets of topics that the group does not read. To delete what was never committed is no error. */
export function deleteOffsets(
  group: Group | undefined,
  offsets: Offsets,
  input: GroupInput,
  request: OffsetDeleteRequest,
  turn: Turn,
): void {
  const refusal = group === undefined ? 'GROUP_ID_NOT_FOUND' : group.offsetDeleteRefusal()
  if (group === undefined || refusal !== null) {
    turn.reply<OffsetDeleteResponse>(input.id, { errorCode: errorCode(refusal ?? 'NONE'), topics: [] })
    return
  }
  const subscription = group.subscription()
  const topics = request.topics.map(({ name, partitions }) => {
    const isSubscribed = subscription.has(name)
    const code = errorCode(isSubscribed ? 'GROUP_SUBSCRIBED_TO_TOPIC' : 'NONE')
    for (const { partitionIndex } of isSubscribed ? [] : partitions) {
      const isThere = offsets.get(group.groupId, name, partitionIndex) ?? offsets.isPending(group.groupId, name, partitionIndex)
      if (isThere) turn.record(offsetTombstone(group.groupId, name, partitionIndex))
    }
    return { name, partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode: code })) }
  })
  turn.reply<OffsetDeleteResponse>(input.id, { errorCode: 0, topics })
}
