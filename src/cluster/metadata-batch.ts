import { brokerRegistrationChangeRecord } from '../../protocol/metadata-records/broker-registration-change-record.ts'
import { type ControlType, encodeControlKey } from '../../protocol/metadata-records/control-records.ts'
import { partitionChangeRecord } from '../../protocol/metadata-records/partition-change-record.ts'
import { partitionRecord } from '../../protocol/metadata-records/partition-record.ts'
import { registerBrokerRecord } from '../../protocol/metadata-records/register-broker-record.ts'
import { buildRecordBatch } from '../../protocol/records/record-batch-builder.ts'
import { partitionRecordVersion, registerBrokerRecordVersion } from './feature-levels.ts'
import { encodeMetadataRecord, type MetadataRecord } from './metadata-record.ts'

/** Kafka reads batches of the metadata log up to 8 MiB; the rest is left for the frames around the records. */
export const METADATA_BATCH_BYTES_MAX = 7 * 1024 * 1024

export interface BatchPlace {
  readonly baseOffset: bigint
  readonly epoch: number
  readonly timestampMs: bigint
}

/** The value of a record in the version that this metadata.version asks for. */
export function encodeRecordValue(record: MetadataRecord, metadataVersion: number): Buffer {
  return encodeMetadataRecord(record, recordVersion(record, metadataVersion))
}

function recordVersion(record: MetadataRecord, metadataVersion: number): number {
  switch (record.type) {
    case partitionRecord.type:
    case partitionChangeRecord.type:
      return partitionRecordVersion(metadataVersion)
    case registerBrokerRecord.type:
      return registerBrokerRecordVersion(metadataVersion)
    case brokerRegistrationChangeRecord.type: {
      // Kafka writes the lowest version that has what changes.
      if (record.value.cordonedLogDirs !== null) return 3
      if (record.value.logDirs.length > 0) return 2
      return record.value.inControlledShutdown === 0 ? 0 : 1
    }
    default:
      return 0
  }
}

export function recordsBatch(values: readonly Buffer[], { baseOffset, epoch, timestampMs }: BatchPlace): Buffer {
  const records = values.map((value) => ({ timestamp: timestampMs, key: null, value }))
  return buildRecordBatch(records, { baseOffset, partitionLeaderEpoch: epoch })
}

export interface ControlRecordToWrite {
  readonly type: ControlType
  readonly value: Buffer
}

export function controlBatch(records: readonly ControlRecordToWrite[], { baseOffset, epoch, timestampMs }: BatchPlace): Buffer {
  return buildRecordBatch(
    records.map(({ type, value }) => ({ timestamp: timestampMs, key: encodeControlKey(type), value })),
    { baseOffset, partitionLeaderEpoch: epoch, isControl: true },
  )
}

/** The values in groups of at most so many bytes, each at least one value. */
export function groupedByBytes(values: readonly Buffer[], bytesMax: number): readonly (readonly Buffer[])[] {
  const groups: Buffer[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const value of values) {
    bytes += value.length
    if (bytes > bytesMax) {
      groups.push([])
      bytes = value.length
    }
    groups.at(-1)?.push(value)
  }
  return groups
}
