import { errorCode } from '../../../protocol/errors.ts'
import type { offsetFetch } from '../../../protocol/messages/offset-fetch.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import { ZERO_UUID } from '../../../protocol/schema/field.ts'
import type { OffsetFetchGroup, OffsetFetchGroupResponse } from '../../coordinators/group/group-request.ts'
import type { RequestContext } from '../context.ts'
import { orRefused } from '../refused.ts'

/*
 * OffsetFetch. 2: null for all topics, an error for the whole group · 5: leader epochs (KIP-320) · 6: flexible · 7: requireStable (KIP-447)
 * 8: several groups (KIP-709) · 9: consumer groups (KIP-848) · 10: topic ids
 */

type Request = RequestOf<typeof offsetFetch>
type Response = ResponseOf<typeof offsetFetch>
type TopicResponse = OffsetFetchGroupResponse['topics'][number]

export async function handleOffsetFetch(request: Request, context: RequestContext): Promise<Response> {
  if (context.version >= 8) {
    const groups = withoutRepeats(request.groups)
    return { groups: await Promise.all(groups.map((group) => fetchGroup(group, request.requireStable, context))) }
  }
  const { groupId, topics } = request
  const group = {
    groupId,
    memberId: null,
    memberEpoch: -1,
    topics: topics?.map((topic) => ({ ...topic, topicId: ZERO_UUID })) ?? null,
  }
  const answer = await fetchGroup(group, request.requireStable, context)
  const code = answer.errorCode ?? 0
  // Before version 2 there is no place for a group's error but its partitions.
  if (code !== 0 && context.version < 2) return { topics: (topics ?? []).map((topic) => failedTopic(topic, code)) }
  return { errorCode: code, topics: answer.topics.map(({ name = '', partitions }) => ({ name, partitions })) }
}

/** All offsets of a group are told once: else a small request could ask for an answer of any size. */
function withoutRepeats(groups: readonly OffsetFetchGroup[]): readonly OffsetFetchGroup[] {
  const told = new Set<string>()
  return groups.filter(({ groupId, topics }) => {
    if (topics !== null) return true
    const isRepeat = told.has(groupId)
    told.add(groupId)
    return !isRepeat
  })
}

const failedTopic = ({ name, partitionIndexes }: { name: string; partitionIndexes: readonly number[] }, code: number) => ({
  name,
  partitions: partitionIndexes.map((partitionIndex) => ({ partitionIndex, committedOffset: -1n, metadata: '', errorCode: code })),
})

function fetchGroup(group: OffsetFetchGroup, requireStable: boolean, context: RequestContext): Promise<OffsetFetchGroupResponse> {
  return orRefused<OffsetFetchGroupResponse>(
    async () => {
      const { known, unknown } = context.version >= 10 ? byName(group, context) : { known: group, unknown: [] }
      const answer = await context.services.groups.request(
        group.groupId,
        { api: 'OffsetFetch', group: known, requireStable },
        context,
      )
      return context.version >= 10 ? { ...answer, topics: [...withIds(answer.topics, context), ...unknown] } : answer
    },
    (error) => ({ groupId: group.groupId, topics: [], errorCode: error.errorCode }),
  )
}

/** Turns ids into names; ids that nobody knows are answered at once. */
function byName(group: OffsetFetchGroup, { services }: RequestContext): { known: OffsetFetchGroup; unknown: TopicResponse[] } {
  if (group.topics === null) return { known: group, unknown: [] }
  const { topicsById } = services.cluster.image
  const known = group.topics.flatMap((topic) => {
    const image = topicsById.get(topic.topicId)
    return image === undefined ? [] : [{ ...topic, name: image.name }]
  })
  const unknown = group.topics.filter(({ topicId }) => !topicsById.has(topicId))
  const code = errorCode('UNKNOWN_TOPIC_ID')
  return {
    known: { ...group, topics: known },
    unknown: unknown.map(({ topicId, partitionIndexes }) => ({
      topicId,
      partitions: partitionIndexes.map((partitionIndex) => ({
        partitionIndex,
        committedOffset: -1n,
        metadata: '',
        errorCode: code,
      })),
    })),
  }
}

/** Offsets of topics that were deleted since have no id to be named by. */
function withIds(topics: readonly TopicResponse[], { services }: RequestContext): TopicResponse[] {
  const { topicsByName } = services.cluster.image
  return topics.flatMap((topic) => {
    const id = topicsByName.get(topic.name ?? '')?.id
    return id === undefined ? [] : [{ ...topic, topicId: id }]
  })
}
