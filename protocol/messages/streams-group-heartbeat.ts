import { defineApi } from '../schema/api.ts'
import { array, bool, int8, int16, int32, int64, nullable, string, struct, uint16 } from '../schema/field.ts'

const keyValue = {
  key: string,
  value: string,
}

const topicInfo = {
  name: string,
  partitions: int32,
  replicationFactor: int16,
  topicConfigs: array(keyValue),
}

const taskIds = {
  subtopologyId: string,
  partitions: array(int32),
}

const endpoint = {
  host: string,
  port: uint16,
}

const taskOffset = {
  subtopologyId: string,
  partition: int32,
  offset: int64,
}

const status = {
  statusCode: int8,
  statusDetail: string,
}

const topicPartition = {
  topic: string,
  partitions: array(int32),
}

/**
 * Joins, keeps and leaves a streams group, and learns the assignment (KIP-1071).
 *
 * - 1: the broker may ask for a description of the topology (KIP-1331), status MISSING_CLIENT_TAGS (KAFKA-20744)
 */
export const streamsGroupHeartbeat = defineApi({
  key: 88,
  name: 'StreamsGroupHeartbeat',
  versions: '0-1',
  flexible: '0+',
  request: {
    groupId: string,
    memberId: string,
    memberEpoch: int32,
    endpointInformationEpoch: int32,
    instanceId: nullable(string).default(null),
    rackId: nullable(string).default(null),
    rebalanceTimeoutMs: int32.default(-1),
    topology: nullable(
      struct({
        epoch: int32,
        subtopologies: array({
          subtopologyId: string,
          sourceTopics: array(string),
          sourceTopicRegex: array(string),
          stateChangelogTopics: array(topicInfo),
          repartitionSinkTopics: array(string),
          repartitionSourceTopics: array(topicInfo),
          copartitionGroups: array({
            sourceTopics: array(int16),
            sourceTopicRegex: array(int16),
            repartitionSourceTopics: array(int16),
          }),
        }),
      }),
    ).default(null),
    activeTasks: nullable(array(taskIds)).default(null),
    standbyTasks: nullable(array(taskIds)).default(null),
    warmupTasks: nullable(array(taskIds)).default(null),
    processId: nullable(string).default(null),
    userEndpoint: nullable(struct(endpoint)).default(null),
    clientTags: nullable(array(keyValue)).default(null),
    taskOffsets: nullable(array(taskOffset)).default(null),
    taskEndOffsets: nullable(array(taskOffset)).default(null),
    shutdownApplication: bool.default(false),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: nullable(string).default(null),
    memberId: string,
    memberEpoch: int32,
    heartbeatIntervalMs: int32,
    acceptableRecoveryLagLegacy: int32.until(0),
    taskOffsetIntervalMs: int32,
    acceptableRecoveryLag: int64.since(1).default(-1n),
    status: nullable(array(status)).default([]),
    activeTasks: nullable(array(taskIds)).default(null),
    standbyTasks: nullable(array(taskIds)).default(null),
    warmupTasks: nullable(array(taskIds)).default(null),
    topologyDescriptionRequired: bool.since(1),
    endpointInformationEpoch: int32,
    partitionsByUserEndpoint: nullable(
      array({
        userEndpoint: struct(endpoint),
        activePartitions: array(topicPartition),
        standbyPartitions: array(topicPartition),
      }),
    ).default(null),
  },
})
