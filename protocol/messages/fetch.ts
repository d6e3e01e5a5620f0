import { OwnedRecords } from '../records/records-slice.ts'
import { defineApi } from '../schema/api.ts'
import { array, int8, int16, int32, int64, nullable, records, string, struct, uuid } from '../schema/field.ts'

const NO_RECORDS = new OwnedRecords(Buffer.alloc(0))

/**
 * Reads record batches from partitions, and waits for them.
 *
 * - 1: throttle time · 3: a limit for the whole answer, partitions served in order (KIP-74) · 4: isolation level, aborted
 *   transactions (KIP-98)
 * - 5: log start offset (KIP-107) · 7: incremental sessions (KIP-227) · 8: throttled after the answer (KIP-219)
 * - 9: the leader epoch, to fence (KIP-320) · 10: zstd (KIP-110) · 11: reading from a follower (KIP-392)
 * - 12: flexible, divergence by epoch, the current leader (KIP-595) · 13: topics by id (KIP-516)
 * - 14: OFFSET_MOVED_TO_TIERED_STORAGE (KIP-405) · 15: the replica's epoch (KIP-903) · 16: leaders' addresses (KIP-951)
 * - 17: the replica's directory (KIP-853) · 18: the high watermark that it knows (KIP-1166)
 */
export const fetch = defineApi({
  key: 1,
  name: 'Fetch',
  versions: '0-18',
  flexible: '12+',
  request: {
    clusterId: nullable(string).since(12).tag(0),
    replicaId: int32.until(14).default(-1),
    replicaState: struct({
      replicaId: int32.default(-1),
      replicaEpoch: int64.default(-1n),
    })
      .since(15)
      .tag(1),
    maxWaitMs: int32,
    minBytes: int32,
    maxBytes: int32.since(3).default(2147483647),
    isolationLevel: int8.since(4),
    sessionId: int32.since(7),
    sessionEpoch: int32.since(7).default(-1),
    topics: array({
      topic: string.until(12),
      topicId: uuid.since(13),
      partitions: array({
        partition: int32,
        currentLeaderEpoch: int32.since(9).default(-1),
        fetchOffset: int64,
        lastFetchedEpoch: int32.since(12).default(-1),
        logStartOffset: int64.since(5).default(-1n),
        partitionMaxBytes: int32,
        replicaDirectoryId: uuid.since(17).tag(0),
        highWatermark: int64.since(18).tag(1).default(9223372036854775807n),
      }),
    }),
    forgottenTopicsData: array({
      topic: string.until(12),
      topicId: uuid.since(13),
      partitions: array(int32),
    }).since(7),
    rackId: string.since(11),
  },
  response: {
    throttleTimeMs: int32.since(1),
    errorCode: int16.since(7),
    sessionId: int32.since(7),
    responses: array({
      topic: string.until(12),
      topicId: uuid.since(13),
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        highWatermark: int64,
        lastStableOffset: int64.since(4).default(-1n),
        logStartOffset: int64.since(5).default(-1n),
        divergingEpoch: struct({
          epoch: int32.default(-1),
          endOffset: int64.default(-1n),
        })
          .since(12)
          .tag(0),
        currentLeader: struct({
          leaderId: int32.default(-1),
          leaderEpoch: int32.default(-1),
        })
          .since(12)
          .tag(1),
        snapshotId: struct({
          endOffset: int64.default(-1n),
          epoch: int32.default(-1),
        })
          .since(12)
          .tag(2),
        abortedTransactions: nullable(
          array({
            producerId: int64,
            firstOffset: int64,
          }),
        )
          .since(4)
          .default([]),
        preferredReadReplica: int32.since(11).default(-1),
        records: nullable(records),
      }),
    }),
    nodeEndpoints: array({
      nodeId: int32,
      host: string,
      port: int32,
      rack: nullable(string).default(null),
    })
      .since(16)
      .tag(0),
  },
  // Who names topics by id (13+) reads the code at the top; older clients may look at the partitions alone.
  refuse: (request, error) => ({
    errorCode: error.errorCode,
    sessionId: request.sessionId,
    responses: request.topics
      .filter(({ topic }) => topic !== '')
      .map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map(({ partition }) => ({
          partitionIndex: partition,
          errorCode: error.errorCode,
          highWatermark: -1n,
          records: NO_RECORDS,
        })),
      })),
  }),
})
