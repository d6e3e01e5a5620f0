import { consumerGroupCurrentMemberAssignmentRecord } from '../../../../protocol/coordinator-records/consumer-group-current-member-assignment.ts'
import { consumerGroupMemberMetadataRecord } from '../../../../protocol/coordinator-records/consumer-group-member-metadata.ts'
import { consumerGroupMetadataRecord } from '../../../../protocol/coordinator-records/consumer-group-metadata.ts'
import { consumerGroupPartitionMetadataRecord } from '../../../../protocol/coordinator-records/consumer-group-partition-metadata.ts'
import { consumerGroupRegularExpressionRecord } from '../../../../protocol/coordinator-records/consumer-group-regular-expression.ts'
import { consumerGroupTargetAssignmentMemberRecord } from '../../../../protocol/coordinator-records/consumer-group-target-assignment-member.ts'
import { consumerGroupTargetAssignmentMetadataRecord } from '../../../../protocol/coordinator-records/consumer-group-target-assignment-metadata.ts'
import type { CoordinatorRecord } from '../../machine.ts'
import type { TopicPartitions } from '../assignors/partition-assignor.ts'
import type { ResolvedRegex } from './consumer-group.ts'
import type { AssignedPartitions, ConsumerMember, MemberState } from './consumer-member.ts'

/** All of them have one version so far. */
const version = 0

export const memberStates: Readonly<Record<MemberState, number>> = {
  Stable: 0,
  UnrevokedPartitions: 1,
  UnreleasedPartitions: 2,
  Unknown: 127,
}

const written = (key: Buffer, value: Buffer | null): CoordinatorRecord => ({ key, value, producer: null })

export function memberMetadata(groupId: string, member: ConsumerMember): CoordinatorRecord {
  const { classic } = member
  return written(
    consumerGroupMemberMetadataRecord.encodeKey({ groupId, memberId: member.id }),
    consumerGroupMemberMetadataRecord.encodeValue(
      {
        instanceId: member.instanceId,
        rackId: member.rackId,
        clientId: member.clientId,
        clientHost: member.clientHost,
        subscribedTopicNames: [...member.subscribedTopicNames].sort(),
        subscribedTopicRegex: member.subscribedTopicRegex,
        rebalanceTimeoutMs: member.rebalanceTimeoutMs,
        serverAssignor: member.assignorName,
        classicMemberMetadata: classic,
      },
      version,
    ),
  )
}

export function groupEpoch(groupId: string, epoch: number, metadataHash: bigint): CoordinatorRecord {
  return written(
    consumerGroupMetadataRecord.encodeKey({ groupId }),
    consumerGroupMetadataRecord.encodeValue({ epoch, metadataHash }, version),
  )
}

export function targetAssignment(groupId: string, memberId: string, target: TopicPartitions): CoordinatorRecord {
  const topicPartitions = [...target].map(([topicId, partitions]) => ({ topicId, partitions: [...partitions] }))
  return written(
    consumerGroupTargetAssignmentMemberRecord.encodeKey({ groupId, memberId }),
    consumerGroupTargetAssignmentMemberRecord.encodeValue({ topicPartitions }, version),
  )
}

export function targetAssignmentEpoch(groupId: string, assignmentEpoch: number, timestampMs: bigint): CoordinatorRecord {
  return written(
    consumerGroupTargetAssignmentMetadataRecord.encodeKey({ groupId }),
    consumerGroupTargetAssignmentMetadataRecord.encodeValue({ assignmentEpoch, assignmentTimestamp: timestampMs }, version),
  )
}

export function currentAssignment(groupId: string, member: ConsumerMember): CoordinatorRecord {
  return written(
    consumerGroupCurrentMemberAssignmentRecord.encodeKey({ groupId, memberId: member.id }),
    consumerGroupCurrentMemberAssignmentRecord.encodeValue(
      {
        memberEpoch: member.epoch,
        previousMemberEpoch: member.previousEpoch,
        state: memberStates[member.state],
        assignedPartitions: withEpochs(member.assigned),
        partitionsPendingRevocation: withEpochs(member.pendingRevocation),
      },
      version,
    ),
  )
}

const withEpochs = (assigned: AssignedPartitions) =>
  [...assigned].map(([topicId, partitions]) => ({
    topicId,
    partitions: [...partitions.keys()],
    assignmentEpochs: [...partitions.values()],
  }))

export function resolvedRegex(groupId: string, regularExpression: string, resolved: ResolvedRegex): CoordinatorRecord {
  const { topics, version: metadataVersion, timestampMs } = resolved
  return written(
    consumerGroupRegularExpressionRecord.encodeKey({ groupId, regularExpression }),
    consumerGroupRegularExpressionRecord.encodeValue(
      { topics: [...topics].sort(), version: metadataVersion, timestamp: timestampMs },
      version,
    ),
  )
}

export const regexTombstone = (groupId: string, regularExpression: string): CoordinatorRecord =>
  written(consumerGroupRegularExpressionRecord.encodeKey({ groupId, regularExpression }), null)

export const partitionMetadataTombstone = (groupId: string): CoordinatorRecord =>
  written(consumerGroupPartitionMetadataRecord.encodeKey({ groupId }), null)

const currentAssignmentTombstone = (groupId: string, memberId: string): CoordinatorRecord =>
  written(consumerGroupCurrentMemberAssignmentRecord.encodeKey({ groupId, memberId }), null)

const targetAssignmentTombstone = (groupId: string, memberId: string): CoordinatorRecord =>
  written(consumerGroupTargetAssignmentMemberRecord.encodeKey({ groupId, memberId }), null)

const memberMetadataTombstone = (groupId: string, memberId: string): CoordinatorRecord =>
  written(consumerGroupMemberMetadataRecord.encodeKey({ groupId, memberId }), null)

/** In this order: Kafka takes a member without assignments away, and no other. */
export const memberTombstones = (groupId: string, memberId: string): readonly CoordinatorRecord[] => [
  currentAssignmentTombstone(groupId, memberId),
  targetAssignmentTombstone(groupId, memberId),
  memberMetadataTombstone(groupId, memberId),
]

/** All that a group has written, in the order in which Kafka is content to lose it. */
export const groupTombstones = (
  groupId: string,
  memberIds: readonly string[],
  regexes: readonly string[],
): readonly CoordinatorRecord[] => [
  ...memberIds.map((memberId) => currentAssignmentTombstone(groupId, memberId)),
  ...memberIds.map((memberId) => targetAssignmentTombstone(groupId, memberId)),
  written(consumerGroupTargetAssignmentMetadataRecord.encodeKey({ groupId }), null),
  ...memberIds.map((memberId) => memberMetadataTombstone(groupId, memberId)),
  ...regexes.map((regex) => regexTombstone(groupId, regex)),
  partitionMetadataTombstone(groupId),
  written(consumerGroupMetadataRecord.encodeKey({ groupId }), null),
]
