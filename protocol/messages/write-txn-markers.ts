import { defineApi } from '../schema/api.ts'
import { array, bool, int8, int16, int32, int64, string } from '../schema/field.ts'

/**
 * A transaction coordinator has the end of a transaction written to partitions (KIP-98).
 *
 * - 1: flexible · 2: which version of the transaction protocol (KIP-1228)
 */
export const writeTxnMarkers = defineApi({
  key: 27,
  name: 'WriteTxnMarkers',
  versions: '0-2',
  flexible: '1+',
  request: {
    markers: array({
      producerId: int64,
      producerEpoch: int16,
      transactionResult: bool,
      topics: array({
        name: string,
        partitionIndexes: array(int32),
      }),
      coordinatorEpoch: int32,
      transactionVersion: int8.since(2),
    }),
  },
  response: {
    markers: array({
      producerId: int64,
      topics: array({
        name: string,
        partitions: array({
          partitionIndex: int32,
          errorCode: int16,
        }),
      }),
    }),
  },
  refuse: (request, error) => ({
    markers: request.markers.map(({ producerId, topics }) => ({
      producerId,
      topics: topics.map(({ name, partitionIndexes }) => ({
        name,
        partitions: partitionIndexes.map((partitionIndex) => ({ partitionIndex, errorCode: error.errorCode })),
      })),
    })),
  }),
})
