import { consumerOffsetsRecords } from '../../../../protocol/coordinator-records/consumer-offsets.ts'
import type { CoordinatorRecord } from '../../machine.ts'
import { ConsumerGroup, noAssignmentEpoch } from './consumer-group.ts'
import {
  type AssignedPartitions,
  type ConsumerMember,
  leaveEpoch,
  type MemberState,
  newConsumerMember,
} from './consumer-member.ts'
import { memberStates } from './consumer-records.ts'

/** The group as it is after a record; `keep`: as it was. */
export type Replayed = ConsumerGroup | 'removed' | 'keep'

type Decoded = ReturnType<typeof consumerOffsetsRecords.decode>
type ConsumerRecord = Extract<Decoded, { readonly type: 3 | 4 | 5 | 6 | 7 | 8 | 16 }>
type Of<T extends number> = Extract<Decoded, { readonly type: T }>

/** Null: a record that is not of a consumer group. */
export function readConsumerRecord(record: CoordinatorRecord): ConsumerRecord | null {
  const decoded = consumerOffsetsRecords.decode(record.key, record.value)
  switch (decoded.type) {
    case 3:
    case 4:
    case 5:
    case 6:
    case 7:
    case 8:
    case 16:
      return decoded
    default:
      return null
  }
}

/**
 * What a record makes of its group. A tombstone of what is not there says nothing, as where a log was compacted: it makes
 * no group.
 */
export function replayConsumerRecord(known: ConsumerGroup | undefined, record: ConsumerRecord): Replayed {
  if (record.value === null) {
    if (known === undefined) return 'keep'
    return removed(known, record)
  }
  const group = known ?? new ConsumerGroup(record.key.groupId)
  added(group, record)
  return group
}

function added(group: ConsumerGroup, { type, key, value }: ConsumerRecord): void {
  switch (type) {
    case 3:
      group.epoch = value!.epoch
      group.metadataHash = value!.metadataHash
      break
    case 4:
      group.hasPartitionMetadata = true
      break
    case 5:
      group.setMember(withMetadata(group.members.get(key.memberId) ?? newConsumerMember(key.memberId), value!))
      break
    case 6:
      group.assignmentEpoch = value!.assignmentEpoch
      group.assignmentTimestampMs = value!.assignmentTimestamp
      break
    case 7:
      group.setTarget(key.memberId, targetOf(value!))
      break
    case 8:
      group.setMember(withAssignment(group.members.get(key.memberId) ?? newConsumerMember(key.memberId), value!))
      break
    case 16:
      group.setResolvedRegex(key.regularExpression, {
        topics: new Set(value!.topics),
        version: value!.version,
        timestampMs: value!.timestamp,
      })
      break
  }
}

function removed(group: ConsumerGroup, { type, key }: ConsumerRecord): Replayed {
  switch (type) {
    case 3:
      return 'removed'
    case 4:
      group.hasPartitionMetadata = false
      break
    case 5:
      group.removeMember(key.memberId)
      break
    case 6:
      group.assignmentEpoch = noAssignmentEpoch
      group.assignmentTimestampMs = 0n
      break
    case 7:
      group.setTarget(key.memberId, null)
      break
    case 8:
      removeAssignment(group, key.memberId)
      break
    case 16:
      group.setResolvedRegex(key.regularExpression, null)
      break
  }
  return group
}

function removeAssignment(group: ConsumerGroup, memberId: string): void {
  const member = group.members.get(memberId)
  if (member === undefined) return
  const none: AssignedPartitions = new Map()
  group.setMember({ ...member, epoch: leaveEpoch, previousEpoch: leaveEpoch, assigned: none, pendingRevocation: none })
}

function withMetadata(member: ConsumerMember, value: NonNullable<Of<5>['value']>): ConsumerMember {
  return {
    ...member,
    instanceId: value.instanceId,
    rackId: value.rackId,
    clientId: value.clientId,
    clientHost: value.clientHost,
    subscribedTopicNames: new Set(value.subscribedTopicNames),
    subscribedTopicRegex: value.subscribedTopicRegex,
    rebalanceTimeoutMs: value.rebalanceTimeoutMs,
    assignorName: value.serverAssignor,
    classic: value.classicMemberMetadata,
  }
}

function withAssignment(member: ConsumerMember, value: NonNullable<Of<8>['value']>): ConsumerMember {
  return {
    ...member,
    epoch: value.memberEpoch,
    previousEpoch: value.previousMemberEpoch,
    state: stateOf(value.state),
    assigned: assignedOf(value.assignedPartitions, value.memberEpoch),
    pendingRevocation: assignedOf(value.partitionsPendingRevocation, value.memberEpoch),
  }
}

type WrittenPartitions = NonNullable<Of<8>['value']>['assignedPartitions']

/** Kafka before 4.3 wrote no epochs: then all were got at the member's, which of a static one that has left is -2. */
function assignedOf(written: WrittenPartitions, memberEpoch: number): AssignedPartitions {
  const unknown = Math.max(memberEpoch, 0)
  return new Map(
    written.map(({ topicId, partitions, assignmentEpochs }) => {
      const epochs = assignmentEpochs?.length === partitions.length ? assignmentEpochs : null
      return [topicId, new Map(partitions.map((partition, index) => [partition, epochs?.[index] ?? unknown]))]
    }),
  )
}

const targetOf = ({ topicPartitions }: NonNullable<Of<7>['value']>) =>
  new Map(topicPartitions.map(({ topicId, partitions }) => [topicId, new Set(partitions)]))

const states = Object.entries(memberStates) as readonly (readonly [MemberState, number])[]

const stateOf = (code: number): MemberState => states.find(([, value]) => value === code)?.[0] ?? 'Unknown'
