import { defineApi } from '../schema/api.ts'
import { array, bool, int8, int16, int32, int64, nullable, records, string, struct, uuid } from '../schema/field.ts'

/**
 * Acquires records for a member of a share group, and acknowledges earlier ones (KIP-932).
 *
 * Version 0 was early access and is gone.
 *
 * - 2: how strictly the count of records is kept (KIP-1206), renewing acquisitions (KIP-1222)
 */
export const shareFetch = defineApi({
  key: 78,
  name: 'ShareFetch',
  versions: '1-2',
  flexible: '0+',
  request: {
    groupId: nullable(string).default(null),
    memberId: nullable(string).default(''),
    shareSessionEpoch: int32,
    maxWaitMs: int32,
    minBytes: int32,
    maxBytes: int32.default(2147483647),
    maxRecords: int32,
    batchSize: int32,
    shareAcquireMode: int8.since(2),
    isRenewAck: bool.since(2),
    topics: array({
      topicId: uuid,
      partitions: array({
        partitionIndex: int32,
        acknowledgementBatches: array({
          firstOffset: int64,
          lastOffset: int64,
          acknowledgeTypes: array(int8),
        }),
      }),
    }),
    forgottenTopicsData: array({
      topicId: uuid,
      partitions: array(int32),
    }),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: nullable(string).default(null),
    acquisitionLockTimeoutMs: int32,
    responses: array({
      topicId: uuid,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        errorMessage: nullable(string).default(null),
        acknowledgeErrorCode: int16,
        acknowledgeErrorMessage: nullable(string).default(null),
        currentLeader: struct({
          leaderId: int32,
          leaderEpoch: int32,
        }),
        records: records,
        acquiredRecords: array({
          firstOffset: int64,
          lastOffset: int64,
          deliveryCount: int16,
        }),
      }),
    }),
    nodeEndpoints: array({
      nodeId: int32,
      host: string,
      port: int32,
      rack: nullable(string).default(null),
    }),
  },
})
