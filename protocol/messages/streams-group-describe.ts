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

const endpoint = {
  host: string,
  port: uint16,
}

const taskOffset = {
  subtopologyId: string,
  partition: int32,
  offset: int64,
}

const taskIds = {
  subtopologyId: string,
  partitions: array(int32),
}

const assignment = {
  activeTasks: array(taskIds),
  standbyTasks: array(taskIds),
  warmupTasks: array(taskIds),
}

const topologyDescriptionNode = {
  name: string.since(1),
  nodeType: int8.since(1),
  sourceTopics: array(string).since(1),
  sinkTopic: nullable(string).since(1),
  stores: array(string).since(1),
  successors: array(string).since(1),
}

const topologyDescriptionSubtopology = {
  subtopologyId: string.since(1),
  nodes: array(topologyDescriptionNode).since(1),
}

const topologyDescriptionGlobalStore = {
  source: struct(topologyDescriptionNode).since(1),
  processor: struct(topologyDescriptionNode).since(1),
}

const topologyDescription = {
  subtopologies: array(topologyDescriptionSubtopology).since(1),
  globalStores: array(topologyDescriptionGlobalStore).since(1),
}

/**
 * The state, the topology and the members of streams groups (KIP-1071).
 *
 * - 1: the description of the topology (KIP-1331), the assignor (KIP-1357)
 */
export const streamsGroupDescribe = defineApi({
  key: 89,
  name: 'StreamsGroupDescribe',
  versions: '0-1',
  flexible: '0+',
  request: {
    groupIds: array(string),
    includeAuthorizedOperations: bool,
    includeTopologyDescription: bool.since(1),
  },
  response: {
    throttleTimeMs: int32.default(0),
    groups: array({
      errorCode: int16,
      errorMessage: nullable(string).default(null),
      groupId: string,
      groupState: string,
      groupEpoch: int32,
      assignmentEpoch: int32,
      topology: nullable(
        struct({
          epoch: int32,
          subtopologies: nullable(
            array({
              subtopologyId: string,
              sourceTopics: array(string),
              repartitionSinkTopics: array(string),
              stateChangelogTopics: array(topicInfo),
              repartitionSourceTopics: array(topicInfo),
            }),
          ).default(null),
        }),
      ).default(null),
      members: array({
        memberId: string,
        memberEpoch: int32,
        instanceId: nullable(string).default(null),
        rackId: nullable(string).default(null),
        clientId: string,
        clientHost: string,
        topologyEpoch: int32,
        processId: string,
        userEndpoint: nullable(struct(endpoint)).default(null),
        clientTags: array(keyValue),
        taskOffsets: array(taskOffset),
        taskEndOffsets: array(taskOffset),
        assignment: struct(assignment),
        targetAssignment: struct(assignment),
        isClassic: bool,
      }),
      authorizedOperations: int32.default(-2147483648),
      topologyDescription: nullable(struct(topologyDescription)).since(1),
      topologyDescriptionStatus: int8.since(1),
      assignorName: nullable(string).since(1),
    }),
  },
  refuse: (request, error) => ({
    groups: request.groupIds.map((groupId) => ({
      groupId,
      errorCode: error.errorCode,
      errorMessage: error.message,
      groupState: '',
      groupEpoch: 0,
      assignmentEpoch: 0,
      members: [],
    })),
  }),
})
