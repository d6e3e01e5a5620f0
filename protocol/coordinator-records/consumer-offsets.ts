import { consumerGroupCurrentMemberAssignmentRecord } from './consumer-group-current-member-assignment.ts'
import { consumerGroupMemberMetadataRecord } from './consumer-group-member-metadata.ts'
import { consumerGroupMetadataRecord } from './consumer-group-metadata.ts'
import { consumerGroupPartitionMetadataRecord } from './consumer-group-partition-metadata.ts'
import { consumerGroupRegularExpressionRecord } from './consumer-group-regular-expression.ts'
import { consumerGroupTargetAssignmentMemberRecord } from './consumer-group-target-assignment-member.ts'
import { consumerGroupTargetAssignmentMetadataRecord } from './consumer-group-target-assignment-metadata.ts'
import { defineRecordTopic } from './define-record.ts'
import { groupMetadataRecord } from './group-metadata.ts'
import { legacyOffsetCommitRecord } from './legacy-offset-commit.ts'
import { offsetCommitRecord } from './offset-commit.ts'
import { shareGroupCurrentMemberAssignmentRecord } from './share-group-current-member-assignment.ts'
import { shareGroupMemberMetadataRecord } from './share-group-member-metadata.ts'
import { shareGroupMetadataRecord } from './share-group-metadata.ts'
import { shareGroupStatePartitionMetadataRecord } from './share-group-state-partition-metadata.ts'
import { shareGroupTargetAssignmentMemberRecord } from './share-group-target-assignment-member.ts'
import { shareGroupTargetAssignmentMetadataRecord } from './share-group-target-assignment-metadata.ts'
import { streamsGroupCurrentMemberAssignmentRecord } from './streams-group-current-member-assignment.ts'
import { streamsGroupMemberMetadataRecord } from './streams-group-member-metadata.ts'
import { streamsGroupMetadataRecord } from './streams-group-metadata.ts'
import { streamsGroupTargetAssignmentMemberRecord } from './streams-group-target-assignment-member.ts'
import { streamsGroupTargetAssignmentMetadataRecord } from './streams-group-target-assignment-metadata.ts'
import { streamsGroupTopologyRecord } from './streams-group-topology.ts'

/** The records of `__consumer_offsets`: the offsets of groups, and the groups of every kind themselves. */
export const consumerOffsetsRecords = defineRecordTopic('__consumer_offsets', [
  legacyOffsetCommitRecord,
  offsetCommitRecord,
  groupMetadataRecord,
  consumerGroupMetadataRecord,
  consumerGroupPartitionMetadataRecord,
  consumerGroupMemberMetadataRecord,
  consumerGroupTargetAssignmentMetadataRecord,
  consumerGroupTargetAssignmentMemberRecord,
  consumerGroupCurrentMemberAssignmentRecord,
  shareGroupMemberMetadataRecord,
  shareGroupMetadataRecord,
  shareGroupTargetAssignmentMetadataRecord,
  shareGroupTargetAssignmentMemberRecord,
  shareGroupCurrentMemberAssignmentRecord,
  shareGroupStatePartitionMetadataRecord,
  consumerGroupRegularExpressionRecord,
  streamsGroupMetadataRecord,
  streamsGroupMemberMetadataRecord,
  streamsGroupTargetAssignmentMetadataRecord,
  streamsGroupTargetAssignmentMemberRecord,
  streamsGroupCurrentMemberAssignmentRecord,
  streamsGroupTopologyRecord,
])
