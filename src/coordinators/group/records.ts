import { consumerOffsetsRecords } from '../../../protocol/coordinator-records/consumer-offsets.ts'
import { groupMetadataRecord } from '../../../protocol/coordinator-records/group-metadata.ts'
import { offsetCommitRecord } from '../../../protocol/coordinator-records/offset-commit.ts'
import { ZERO_UUID } from '../../../protocol/schema/field.ts'
import type { CoordinatorRecord, Producer } from '../machine.ts'
import type { ClassicGroup } from './classic/classic-group.ts'
import type { ClassicMember } from './classic/classic-member.ts'
import type { CommittedOffset } from './offsets/offsets.ts'

/** The version that Kafka writes, though it reads a later one. */
const groupMetadataVersion = 3
/** Kafka writes the last version with an expiry where one is asked for (OffsetCommit 2 to 4); it has no leader epoch. */
const offsetCommitVersion = { plain: 4, withExpiry: 1 }

/** What a GroupMetadata record says of a group. */
export type GroupMetadata = ReturnType<typeof groupMetadataRecord.decodeValue>
export type MemberMetadata = GroupMetadata['members'][number]

/** The group as it is, with the assignments as they are or will be. */
export function groupMetadata(group: ClassicGroup, assignmentOf: (member: ClassicMember) => Buffer): CoordinatorRecord {
  const { groupId, protocolName } = group
  const members = [...group.members].map((member) => ({
    memberId: member.id,
    groupInstanceId: member.instanceId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    rebalanceTimeout: member.rebalanceTimeoutMs,
    sessionTimeout: member.sessionTimeoutMs,
    subscription: member.metadata(protocolName) ?? Buffer.alloc(0),
    assignment: assignmentOf(member),
  }))
  return {
    key: groupMetadataRecord.encodeKey({ group: groupId }),
    value: groupMetadataRecord.encodeValue(
      {
        protocolType: group.protocolType ?? '',
        generation: group.generationId,
        protocol: protocolName,
        leader: group.leaderId,
        currentStateTimestamp: group.stateTimestampMs ?? -1n,
        members,
      },
      groupMetadataVersion,
    ),
    producer: null,
  }
}

/** A group that was just made: nobody has joined a generation of it. */
export function newGroupMetadata(group: ClassicGroup): CoordinatorRecord {
  return {
    key: groupMetadataRecord.encodeKey({ group: group.groupId }),
    value: groupMetadataRecord.encodeValue(
      {
        protocolType: '',
        generation: 0,
        protocol: null,
        leader: null,
        currentStateTimestamp: group.stateTimestampMs ?? -1n,
        members: [],
      },
      groupMetadataVersion,
    ),
    producer: null,
  }
}

export function groupTombstone(group: string): CoordinatorRecord {
  return { key: groupMetadataRecord.encodeKey({ group }), value: null, producer: null }
}

export function offsetCommit(
  group: string,
  topic: string,
  partition: number,
  committed: CommittedOffset,
  producer: Producer | null = null,
): CoordinatorRecord {
  const { offset, leaderEpoch, metadata, commitTimestampMs: commitTimestamp, expireTimestampMs, topicId } = committed
  const expireTimestamp = expireTimestampMs ?? -1n
  const version = expireTimestampMs === null ? offsetCommitVersion.plain : offsetCommitVersion.withExpiry
  return {
    key: offsetCommitRecord.encodeKey({ group, topic, partition }),
    value: offsetCommitRecord.encodeValue({ offset, leaderEpoch, metadata, commitTimestamp, expireTimestamp, topicId }, version),
    producer,
  }
}

export function offsetTombstone(group: string, topic: string, partition: number): CoordinatorRecord {
  return { key: offsetCommitRecord.encodeKey({ group, topic, partition }), value: null, producer: null }
}

/** What the machine replays; null value: what the key names is gone. */
export type ReplayedRecord =
  | { readonly kind: 'group'; readonly groupId: string; readonly metadata: GroupMetadata | null }
  | {
      readonly kind: 'offset'
      readonly groupId: string
      readonly topic: string
      readonly partition: number
      readonly committed: CommittedOffset | null
    }

/** Null: a record of another kind of group, which is not ours to replay. */
export function readRecord(record: CoordinatorRecord): ReplayedRecord | null {
  const decoded = consumerOffsetsRecords.decode(record.key, record.value)
  switch (decoded.type) {
    case 2:
      return { kind: 'group', groupId: decoded.key.group, metadata: decoded.value }
    case 0: {
      const { group: groupId, topic, partition } = decoded.key
      const value = decoded.value === null ? null : { ...decoded.value, ...absentInLegacy }
      return { kind: 'offset', groupId, topic, partition, committed: value === null ? null : toCommitted(value) }
    }
    case 1: {
      const { group: groupId, topic, partition } = decoded.key
      return { kind: 'offset', groupId, topic, partition, committed: decoded.value === null ? null : toCommitted(decoded.value) }
    }
    default:
      return null
  }
}

const absentInLegacy = { leaderEpoch: -1, expireTimestamp: -1n, topicId: ZERO_UUID }

function toCommitted(value: ReturnType<typeof offsetCommitRecord.decodeValue>): CommittedOffset {
  return {
    offset: value.offset,
    leaderEpoch: value.leaderEpoch,
    metadata: value.metadata,
    commitTimestampMs: value.commitTimestamp,
    expireTimestampMs: value.expireTimestamp === -1n ? null : value.expireTimestamp,
    topicId: value.topicId,
  }
}
