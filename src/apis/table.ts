import { addOffsetsToTxn } from '../../protocol/messages/add-offsets-to-txn.ts'
import { addPartitionsToTxn } from '../../protocol/messages/add-partitions-to-txn.ts'
import { alterConfigs } from '../../protocol/messages/alter-configs.ts'
import { apiVersions } from '../../protocol/messages/api-versions.ts'
import { consumerGroupDescribe } from '../../protocol/messages/consumer-group-describe.ts'
import { consumerGroupHeartbeat } from '../../protocol/messages/consumer-group-heartbeat.ts'
import { createPartitions } from '../../protocol/messages/create-partitions.ts'
import { createTopics } from '../../protocol/messages/create-topics.ts'
import { deleteGroups } from '../../protocol/messages/delete-groups.ts'
import { deleteRecords } from '../../protocol/messages/delete-records.ts'
import { deleteTopics } from '../../protocol/messages/delete-topics.ts'
import { describeCluster } from '../../protocol/messages/describe-cluster.ts'
import { describeConfigs } from '../../protocol/messages/describe-configs.ts'
import { describeGroups } from '../../protocol/messages/describe-groups.ts'
import { describeLogDirs } from '../../protocol/messages/describe-log-dirs.ts'
import { describeProducers } from '../../protocol/messages/describe-producers.ts'
import { describeTopicPartitions } from '../../protocol/messages/describe-topic-partitions.ts'
import { describeTransactions } from '../../protocol/messages/describe-transactions.ts'
import { electLeaders } from '../../protocol/messages/elect-leaders.ts'
import { endTxn } from '../../protocol/messages/end-txn.ts'
import { fetch } from '../../protocol/messages/fetch.ts'
import { findCoordinator } from '../../protocol/messages/find-coordinator.ts'
import { heartbeat } from '../../protocol/messages/heartbeat.ts'
import { incrementalAlterConfigs } from '../../protocol/messages/incremental-alter-configs.ts'
import { initProducerId } from '../../protocol/messages/init-producer-id.ts'
import { joinGroup } from '../../protocol/messages/join-group.ts'
import { leaveGroup } from '../../protocol/messages/leave-group.ts'
import { listConfigResources } from '../../protocol/messages/list-config-resources.ts'
import { listGroups } from '../../protocol/messages/list-groups.ts'
import { listOffsets } from '../../protocol/messages/list-offsets.ts'
import { listPartitionReassignments } from '../../protocol/messages/list-partition-reassignments.ts'
import { listTransactions } from '../../protocol/messages/list-transactions.ts'
import { metadata } from '../../protocol/messages/metadata.ts'
import { offsetCommit } from '../../protocol/messages/offset-commit.ts'
import { offsetDelete } from '../../protocol/messages/offset-delete.ts'
import { offsetFetch } from '../../protocol/messages/offset-fetch.ts'
import { offsetForLeaderEpoch } from '../../protocol/messages/offset-for-leader-epoch.ts'
import { produce } from '../../protocol/messages/produce.ts'
import { syncGroup } from '../../protocol/messages/sync-group.ts'
import { txnOffsetCommit } from '../../protocol/messages/txn-offset-commit.ts'
import { writeTxnMarkers } from '../../protocol/messages/write-txn-markers.ts'
import { ApiTable, api, pipelinedApi } from './api-table.ts'
import { handleApiVersions } from './cluster/api-versions.ts'
import { handleDescribeCluster } from './cluster/describe-cluster.ts'
import { handleDescribeLogDirs } from './cluster/describe-log-dirs.ts'
import { handleAlterConfigs } from './configs/alter-configs.ts'
import { handleDescribeConfigs } from './configs/describe-configs.ts'
import { handleIncrementalAlterConfigs } from './configs/incremental-alter-configs.ts'
import { handleListConfigResources } from './configs/list-config-resources.ts'
import { handleConsumerGroupDescribe } from './groups/consumer-group-describe.ts'
import { handleConsumerGroupHeartbeat } from './groups/consumer-group-heartbeat.ts'
import { handleDeleteGroups } from './groups/delete-groups.ts'
import { handleDescribeGroups } from './groups/describe-groups.ts'
import { handleFindCoordinator } from './groups/find-coordinator.ts'
import { handleHeartbeat } from './groups/heartbeat.ts'
import { handleJoinGroup } from './groups/join-group.ts'
import { handleLeaveGroup } from './groups/leave-group.ts'
import { handleListGroups } from './groups/list-groups.ts'
import { handleOffsetCommit } from './groups/offset-commit.ts'
import { handleOffsetDelete } from './groups/offset-delete.ts'
import { handleOffsetFetch } from './groups/offset-fetch.ts'
import { handleSyncGroup } from './groups/sync-group.ts'
import { handleInitProducerId } from './producers/init-producer-id.ts'
import { handleDeleteRecords } from './records/delete-records.ts'
import { handleDescribeProducers } from './records/describe-producers.ts'
import { handleFetch } from './records/fetch.ts'
import { handleListOffsets } from './records/list-offsets.ts'
import { handleOffsetForLeaderEpoch } from './records/offset-for-leader-epoch.ts'
import { handleProduce } from './records/produce.ts'
import { handleCreatePartitions } from './topics/create-partitions.ts'
import { handleCreateTopics } from './topics/create-topics.ts'
import { handleDeleteTopics } from './topics/delete-topics.ts'
import { handleDescribeTopicPartitions } from './topics/describe-topic-partitions.ts'
import { handleElectLeaders } from './topics/elect-leaders.ts'
import { handleListPartitionReassignments } from './topics/list-partition-reassignments.ts'
import { handleMetadata } from './topics/metadata.ts'
import { handleAddOffsetsToTxn } from './transactions/add-offsets-to-txn.ts'
import { handleAddPartitionsToTxn } from './transactions/add-partitions-to-txn.ts'
import { handleDescribeTransactions } from './transactions/describe-transactions.ts'
import { handleEndTxn } from './transactions/end-txn.ts'
import { handleListTransactions } from './transactions/list-transactions.ts'
import { handleTxnOffsetCommit } from './transactions/txn-offset-commit.ts'
import { handleWriteTxnMarkers } from './transactions/write-txn-markers.ts'

export { type ApiRow, ApiTable } from './api-table.ts'
export type { ConnectionFacts } from './connection-facts.ts'
export type { Answer, RequestContext, Services, Started } from './context.ts'

/**
 * Every API that the broker serves: dispatch, ApiVersions and the list in the README derive from these rows. Listed is what Kafka 4.4
 * lists, as soon as it works; served are also the older versions that Kafka 3.9 still knew, for clients that do not ask.
 */
export const apiTable = new ApiTable([
  // Kafka too lists 0 to 2, for old librdkafka looks there for its codecs, and closes on them (KAFKA-18659).
  pipelinedApi(produce, { listed: '0-13', served: '3-13' }, handleProduce),
  api(fetch, '4-18', handleFetch),
  api(listOffsets, { listed: '1-11', served: '0-11' }, handleListOffsets),
  api(metadata, '0-13', handleMetadata),
  api(offsetCommit, { listed: '2-10', served: '0-10' }, handleOffsetCommit),
  api(offsetFetch, { listed: '1-10', served: '0-10' }, handleOffsetFetch),
  api(findCoordinator, '0-6', handleFindCoordinator),
  api(joinGroup, '0-9', handleJoinGroup),
  api(heartbeat, '0-4', handleHeartbeat),
  api(leaveGroup, '0-5', handleLeaveGroup),
  api(syncGroup, '0-5', handleSyncGroup),
  api(describeGroups, '0-6', handleDescribeGroups),
  api(listGroups, '0-5', handleListGroups),
  api(apiVersions, '0-5', handleApiVersions),
  api(createTopics, { listed: '2-7', served: '0-7' }, handleCreateTopics),
  api(deleteTopics, { listed: '1-6', served: '0-6' }, handleDeleteTopics),
  api(deleteRecords, '0-2', handleDeleteRecords),
  api(initProducerId, { listed: '0-5', served: '0-6' }, handleInitProducerId),
  api(offsetForLeaderEpoch, { listed: '2-4', served: '0-4' }, handleOffsetForLeaderEpoch),
  api(addPartitionsToTxn, '0-5', handleAddPartitionsToTxn),
  api(addOffsetsToTxn, '0-4', handleAddOffsetsToTxn),
  api(endTxn, '0-5', handleEndTxn),
  api(writeTxnMarkers, { listed: '1-2', served: '0-2' }, handleWriteTxnMarkers),
  api(txnOffsetCommit, '0-6', handleTxnOffsetCommit),
  api(describeConfigs, { listed: '1-4', served: '0-4' }, handleDescribeConfigs),
  api(alterConfigs, '0-2', handleAlterConfigs),
  api(describeLogDirs, { listed: '1-5', served: '0-5' }, handleDescribeLogDirs),
  api(createPartitions, '0-3', handleCreatePartitions),
  api(deleteGroups, '0-3', handleDeleteGroups),
  api(electLeaders, '0-2', handleElectLeaders),
  api(incrementalAlterConfigs, '0-1', handleIncrementalAlterConfigs),
  api(listPartitionReassignments, '0', handleListPartitionReassignments),
  api(offsetDelete, '0', handleOffsetDelete),
  api(describeCluster, '0-2', handleDescribeCluster),
  api(describeProducers, '0', handleDescribeProducers),
  api(describeTransactions, '0', handleDescribeTransactions),
  api(listTransactions, '0-2', handleListTransactions),
  api(consumerGroupHeartbeat, '0-1', handleConsumerGroupHeartbeat),
  api(consumerGroupDescribe, '0-1', handleConsumerGroupDescribe),
  api(listConfigResources, '0-1', handleListConfigResources),
  api(describeTopicPartitions, '0', handleDescribeTopicPartitions),
])
