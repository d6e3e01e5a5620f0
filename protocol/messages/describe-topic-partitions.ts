import { defineApi } from '../schema/api.ts'
import { array, bool, int16, int32, nullable, string, struct, uuid, ZERO_UUID } from '../schema/field.ts'

/** Topics with their partitions, in pages (KIP-966). */
export const describeTopicPartitions = defineApi({
  key: 75,
  name: 'DescribeTopicPartitions',
  versions: '0',
  flexible: '0+',
  request: {
    topics: array({
      name: string,
    }),
    responsePartitionLimit: int32.default(2000),
    cursor: nullable(
      struct({
        topicName: string,
        partitionIndex: int32,
      }),
    ).default(null),
  },
  response: {
    throttleTimeMs: int32.default(0),
    topics: array({
      errorCode: int16,
      name: nullable(string).default(''),
      topicId: uuid,
      isInternal: bool.default(false),
      partitions: array({
        errorCode: int16,
        partitionIndex: int32,
        leaderId: int32,
        leaderEpoch: int32.default(-1),
        replicaNodes: array(int32),
        isrNodes: array(int32),
        eligibleLeaderReplicas: nullable(array(int32)).default(null),
        lastKnownElr: nullable(array(int32)).default(null),
        offlineReplicas: array(int32),
      }),
      topicAuthorizedOperations: int32.default(-2147483648),
    }),
    nextCursor: nullable(
      struct({
        topicName: string,
        partitionIndex: int32,
      }),
    ).default(null),
  },
  refuse: (request, error) => ({
    topics: request.topics.map(({ name }) => ({ name, errorCode: error.errorCode, topicId: ZERO_UUID, partitions: [] })),
  }),
})
