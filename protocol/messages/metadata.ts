import { defineApi } from '../schema/api.ts'
import { array, bool, int16, int32, nullable, string, uuid } from '../schema/field.ts'

/**
 * The brokers, and topics with their partitions and leaders; may make topics on the way.
 *
 * - 0: no topics named means all of them; from 1 on null means all, and none named means none
 * - 1: racks, controller, internal topics · 2: cluster id · 3: throttle time · 4: whether topics may be made (KIP-204)
 * - 5: offline replicas (KIP-112) · 6: throttled after the answer (KIP-219) · 7: leader epoch (KIP-320)
 * - 8: authorized operations (KIP-430) · 9: flexible · 10: topic ids in the answer (KIP-516)
 * - 11: the cluster's operations moved to DescribeCluster (KIP-700) · 12: topics asked for by id · 13: an error for the whole
 *   answer
 */
export const metadata = defineApi({
  key: 3,
  name: 'Metadata',
  versions: '0-13',
  flexible: '9+',
  request: {
    topics: nullable(
      array({
        topicId: uuid.since(10),
        name: nullable(string, '10+').default(''),
      }),
      '1+',
    ).default([]),
    allowAutoTopicCreation: bool.since(4).default(true),
    includeClusterAuthorizedOperations: bool.since(8).until(10),
    includeTopicAuthorizedOperations: bool.since(8),
  },
  response: {
    throttleTimeMs: int32.since(3),
    brokers: array({
      nodeId: int32,
      host: string,
      port: int32,
      rack: nullable(string).since(1),
    }),
    clusterId: nullable(string).since(2),
    controllerId: int32.since(1).default(-1),
    topics: array({
      errorCode: int16,
      name: nullable(string, '12+').default(''),
      topicId: uuid.since(10),
      isInternal: bool.since(1),
      partitions: array({
        errorCode: int16,
        partitionIndex: int32,
        leaderId: int32,
        leaderEpoch: int32.since(7).default(-1),
        replicaNodes: array(int32),
        isrNodes: array(int32),
        offlineReplicas: array(int32).since(5),
      }),
      topicAuthorizedOperations: int32.since(8).default(-2147483648),
    }),
    clusterAuthorizedOperations: int32.since(8).until(10).default(-2147483648),
    errorCode: int16.since(13),
  },
  refuse: (request, error) => ({
    errorCode: error.errorCode,
    brokers: [],
    topics: (request.topics ?? []).map(({ name, topicId }) => ({
      name: name ?? '',
      topicId,
      errorCode: error.errorCode,
      partitions: [],
    })),
  }),
})
