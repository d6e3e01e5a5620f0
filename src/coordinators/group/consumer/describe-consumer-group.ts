import { type ErrorName, errorCode } from '../../../../protocol/errors.ts'
import type { Group } from '../group.ts'
import { inKafkasOrder } from '../kafka-order.ts'
import type { Turn } from '../turn.ts'
import { ConsumerGroup } from './consumer-group.ts'
import type { AssignedPartitions, ConsumerMember } from './consumer-member.ts'
import type { DescribedConsumerGroup, DescribedConsumerMember } from './consumer-request.ts'
import type { GroupTopics } from './group-topics.ts'
import { preferredAssignor } from './target-assignment.ts'

const memberTypes = { classic: 0, consumer: 1 }

export function describeConsumerGroup(groupId: string, group: Group | undefined, turn: Turn): DescribedConsumerGroup {
  if (group === undefined) return notDescribed(groupId, 'GROUP_ID_NOT_FOUND', `Group ${groupId} not found.`)
  if (!(group instanceof ConsumerGroup)) {
    return notDescribed(groupId, 'GROUP_ID_NOT_FOUND', `Group ${groupId} is not a consumer group.`)
  }
  return {
    errorCode: 0,
    groupId,
    groupState: group.stateName,
    groupEpoch: group.epoch,
    assignmentEpoch: group.assignmentEpoch,
    assignorName: preferredAssignor(group, undefined, undefined, turn.settings.consumerAssignors).name,
    members: inKafkasOrder([...group.members.values()], ({ id }) => id).map((member) =>
      describedMember(group, member, turn.topics),
    ),
  }
}

export function notDescribed(groupId: string, error: ErrorName, errorMessage: string | null): DescribedConsumerGroup {
  return {
    errorCode: errorCode(error),
    errorMessage,
    groupId,
    groupState: '',
    groupEpoch: 0,
    assignmentEpoch: 0,
    assignorName: '',
    members: [],
  }
}

/** What it still has to give up counts as its own. */
function describedMember(group: ConsumerGroup, member: ConsumerMember, topics: GroupTopics): DescribedConsumerMember {
  const held = new Map<string, readonly number[]>()
  addTo(held, member.assigned)
  addTo(held, member.pendingRevocation)
  const target = new Map([...group.target(member.id)].map(([topicId, partitions]) => [topicId, [...partitions]]))
  return {
    memberId: member.id,
    instanceId: member.instanceId,
    rackId: member.rackId,
    memberEpoch: member.epoch,
    clientId: member.clientId,
    clientHost: member.clientHost,
    subscribedTopicNames: [...member.subscribedTopicNames],
    subscribedTopicRegex: member.subscribedTopicRegex,
    assignment: { topicPartitions: named(held, topics) },
    targetAssignment: { topicPartitions: named(target, topics) },
    memberType: member.classic === null ? memberTypes.consumer : memberTypes.classic,
  }
}

function addTo(held: Map<string, readonly number[]>, assigned: AssignedPartitions): void {
  for (const [topicId, partitions] of assigned) held.set(topicId, [...(held.get(topicId) ?? []), ...partitions.keys()])
}

/** Topics that were deleted since have no name and are left out. */
const named = (partitionsByTopic: ReadonlyMap<string, readonly number[]>, topics: GroupTopics) =>
  [...partitionsByTopic].flatMap(([topicId, partitions]) => {
    const topic = topics.byId(topicId)
    return topic === undefined ? [] : [{ topicId, topicName: topic.name, partitions }]
  })
