import { InvalidRecords } from './invalid-records.ts'
import { buildRecordBatch, type RecordBatchOptions } from './record-batch-builder.ts'

/** The type ids in the keys of control records: the ends of transactions, and what KRaft writes into its log. */
export const controlRecordTypes = {
  abort: 0,
  commit: 1,
  leaderChange: 2,
  snapshotHeader: 3,
  snapshotFooter: 4,
  kraftVersion: 5,
  kraftVoters: 6,
} as const

const keyBytes = 4
const endTransactionMarkerBytes = 6

export function encodeControlRecordKey(type: number): Buffer {
  const key = Buffer.alloc(keyBytes)
  key.writeInt16BE(type, 2)
  return key
}

/** The raw type id; an id that is not known passes, as a newer version of the key does. */
export function controlRecordTypeOf(key: Buffer | null): number {
  if (key === null || key.length < keyBytes) throw new InvalidRecords('invalid', 'The key of a control record is too short')
  const version = key.readInt16BE(0)
  if (version < 0) throw new InvalidRecords('invalid', `Invalid version ${version} of a control record's key`)
  return key.readInt16BE(2)
}

export interface EndTransactionMarker {
  readonly commit: boolean
  readonly coordinatorEpoch: number
}

/** Null where the record is another control record. */
export function decodeEndTransactionMarker(key: Buffer | null, value: Buffer | null): EndTransactionMarker | null {
  const type = controlRecordTypeOf(key)
  if (type !== controlRecordTypes.abort && type !== controlRecordTypes.commit) return null
  if (value === null || value.length < endTransactionMarkerBytes) {
    throw new InvalidRecords('invalid', 'The value of an end transaction marker is too short')
  }
  const version = value.readInt16BE(0)
  if (version < 0) throw new InvalidRecords('invalid', `Invalid version ${version} of an end transaction marker`)
  return { commit: type === controlRecordTypes.commit, coordinatorEpoch: value.readInt32BE(2) }
}

/** A control batch; the values come with their version, which leads them. */
export function buildControlBatch(
  records: readonly { readonly type: number; readonly value: Buffer }[],
  timestamp: bigint,
  options: RecordBatchOptions = {},
): Buffer {
  return buildRecordBatch(
    records.map(({ type, value }) => ({ timestamp, key: encodeControlRecordKey(type), value })),
    { ...options, isControl: true },
  )
}

export interface EndTransactionMarkerBatch extends EndTransactionMarker {
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly timestamp: bigint
  readonly baseOffset?: bigint
  readonly partitionLeaderEpoch?: number
}

/** The batch that ends a transaction in a partition: one record without a sequence. */
export function buildEndTransactionMarker(marker: EndTransactionMarkerBatch): Buffer {
  const value = Buffer.alloc(endTransactionMarkerBytes)
  value.writeInt32BE(marker.coordinatorEpoch, 2)
  const type = marker.commit ? controlRecordTypes.commit : controlRecordTypes.abort
  return buildControlBatch([{ type, value }], marker.timestamp, {
    baseOffset: marker.baseOffset ?? 0n,
    partitionLeaderEpoch: marker.partitionLeaderEpoch ?? -1,
    producerId: marker.producerId,
    producerEpoch: marker.producerEpoch,
    isTransactional: true,
  })
}
