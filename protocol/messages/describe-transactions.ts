import { defineApi } from '../schema/api.ts'
import { array, int16, int32, int64, string } from '../schema/field.ts'

/** The state of transactions (KIP-664). */
export const describeTransactions = defineApi({
  key: 65,
  name: 'DescribeTransactions',
  versions: '0',
  flexible: '0+',
  request: {
    transactionalIds: array(string),
  },
  response: {
    throttleTimeMs: int32.default(0),
    transactionStates: array({
      errorCode: int16,
      transactionalId: string,
      transactionState: string,
      transactionTimeoutMs: int32,
      transactionStartTimeMs: int64,
      producerId: int64,
      producerEpoch: int16,
      topics: array({
        topic: string,
        partitions: array(int32),
      }),
    }),
  },
  refuse: (request, error) => ({
    transactionStates: request.transactionalIds.map((transactionalId) => ({
      transactionalId,
      errorCode: error.errorCode,
      transactionState: '',
      transactionTimeoutMs: 0,
      transactionStartTimeMs: 0n,
      producerId: 0n,
      producerEpoch: 0,
      topics: [],
    })),
  }),
})
