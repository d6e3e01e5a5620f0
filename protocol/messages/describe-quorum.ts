import { defineApi } from '../schema/api.ts'
import { array, int16, int32, int64, nullable, string, uint16, uuid } from '../schema/field.ts'

const replicaState = {
  replicaId: int32,
  replicaDirectoryId: uuid.since(2),
  logEndOffset: int64,
  lastFetchTimestamp: int64.since(1).default(-1n),
  lastCaughtUpTimestamp: int64.since(1).default(-1n),
}

/**
 * The state of the KRaft quorum (KIP-595).
 *
 * - 1: when replicas last fetched and were last caught up (KIP-836) · 2: nodes, directories, error messages (KIP-853)
 */
export const describeQuorum = defineApi({
  key: 55,
  name: 'DescribeQuorum',
  versions: '0-2',
  flexible: '0+',
  request: {
    topics: array({
      topicName: string,
      partitions: array({
        partitionIndex: int32,
      }),
    }),
  },
  response: {
    errorCode: int16,
    errorMessage: nullable(string).since(2).default(''),
    topics: array({
      topicName: string,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        errorMessage: nullable(string).since(2).default(''),
        leaderId: int32,
        leaderEpoch: int32,
        highWatermark: int64,
        currentVoters: array(replicaState),
        observers: array(replicaState),
      }),
    }),
    nodes: array({
      nodeId: int32,
      listeners: array({
        name: string,
        host: string,
        port: uint16,
      }),
    }).since(2),
  },
})
