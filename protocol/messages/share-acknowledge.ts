import { defineApi } from '../schema/api.ts'
import { array, bool, int8, int16, int32, int64, nullable, string, struct, uuid } from '../schema/field.ts'

/**
 * Acknowledges records that a member of a share group acquired (KIP-932).
 *
 * Version 0 was early access and is gone.
 *
 * - 2: renewing acquisitions (KIP-1222)
 */
export const shareAcknowledge = defineApi({
  key: 79,
  name: 'ShareAcknowledge',
  versions: '1-2',
  flexible: '0+',
  request: {
    groupId: nullable(string).default(null),
    memberId: nullable(string).default(''),
    shareSessionEpoch: int32,
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
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: nullable(string).default(null),
    acquisitionLockTimeoutMs: int32.since(2),
    responses: array({
      topicId: uuid,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        errorMessage: nullable(string).default(null),
        currentLeader: struct({
          leaderId: int32,
          leaderEpoch: int32,
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
