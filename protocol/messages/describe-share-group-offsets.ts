import { defineApi } from '../schema/api.ts'
import { array, int16, int32, int64, nullable, string, uuid } from '../schema/field.ts'

/**
 * How far share groups have got (KIP-932).
 *
 * - 1: lag (KIP-1226)
 */
export const describeShareGroupOffsets = defineApi({
  key: 90,
  name: 'DescribeShareGroupOffsets',
  versions: '0-1',
  flexible: '0+',
  request: {
    groups: array({
      groupId: string,
      topics: nullable(
        array({
          topicName: string,
          partitions: array(int32),
        }),
      ).default([]),
    }),
  },
  response: {
    throttleTimeMs: int32.default(0),
    groups: array({
      groupId: string,
      topics: array({
        topicName: string,
        topicId: uuid,
        partitions: array({
          partitionIndex: int32,
          startOffset: int64,
          leaderEpoch: int32,
          lag: int64.since(1).default(-1n),
          errorCode: int16,
          errorMessage: nullable(string).default(null),
        }),
      }),
      errorCode: int16,
      errorMessage: nullable(string).default(null),
    }),
  },
  refuse: (request, error) => ({
    groups: request.groups.map(({ groupId }) => ({
      groupId,
      topics: [],
      errorCode: error.errorCode,
      errorMessage: error.message,
    })),
  }),
})
