import {
  kRaftVersionRecord,
  snapshotFooterRecord,
  snapshotHeaderRecord,
  votersRecord,
} from '../../protocol/metadata-records/control-records.ts'
import type { NamedBytes } from '../storage/storage.ts'
import {
  type ControlRecordToWrite,
  controlBatch,
  groupedByBytes,
  METADATA_BATCH_BYTES_MAX,
  recordsBatch,
} from './metadata-batch.ts'
import type { VotersValue } from './metadata-replayer.ts'

/** Where the records of a cluster that was never started stand. */
export const BOOTSTRAP_FILE = 'bootstrap.checkpoint'

/** A snapshot by its name: the first offset that it does not contain, and the epoch of the last that it does. */
export interface SnapshotId {
  readonly endOffset: bigint
  readonly epoch: number
}

export function snapshotName({ endOffset, epoch }: SnapshotId): string {
  return `${String(endOffset).padStart(20, '0')}-${String(epoch).padStart(10, '0')}.checkpoint`
}

/** The snapshots that are there, the oldest first: by epoch, then by offset. */
export async function listSnapshots(checkpoints: NamedBytes): Promise<readonly SnapshotId[]> {
  const snapshots: SnapshotId[] = []
  for (const name of await checkpoints.list()) {
    const match = /^(\d{20})-(\d{10})\.checkpoint$/.exec(name)
    if (match !== null) snapshots.push({ endOffset: BigInt(match[1] as string), epoch: Number(match[2]) })
  }
  return snapshots.sort((one, other) => one.epoch - other.epoch || Number(one.endOffset - other.endOffset))
}

export interface SnapshotToWrite {
  readonly id: SnapshotId
  /** Of the last record contained. */
  readonly lastContainedTimestampMs: bigint
  readonly nowMs: bigint
  /** Null unless kraft.version is 1. */
  readonly voters: VotersValue | null
  /** The values of the records. */
  readonly values: readonly Buffer[]
}

/** The bytes of a snapshot: header, batches and footer, with offsets that begin at 0. */
export function encodeSnapshot({ id, lastContainedTimestampMs, nowMs, voters, values }: SnapshotToWrite): Buffer {
  const batches: Buffer[] = []
  let baseOffset = 0n
  const place = () => ({ baseOffset, epoch: id.epoch, timestampMs: nowMs })
  const header: ControlRecordToWrite[] = [
    { type: 3, value: snapshotHeaderRecord.encode({ version: 0, lastContainedLogTimestamp: lastContainedTimestampMs }, 0) },
    ...(voters === null ? [] : votersRecords(voters)),
  ]
  batches.push(controlBatch(header, place()))
  baseOffset += BigInt(header.length)
  for (const group of groupedByBytes(values, METADATA_BATCH_BYTES_MAX)) {
    batches.push(recordsBatch(group, place()))
    baseOffset += BigInt(group.length)
  }
  batches.push(controlBatch([{ type: 4, value: snapshotFooterRecord.encode({ version: 0 }, 0) }], place()))
  return Buffer.concat(batches)
}

/** What says in a snapshot's header, and in the first batch of a leader, who votes (KIP-853). */
export function votersRecords(voters: VotersValue): readonly ControlRecordToWrite[] {
  return [
    { type: 5, value: kRaftVersionRecord.encode({ version: 0, kRaftVersion: 1 }, 0) },
    { type: 6, value: votersRecord.encode(voters, 0) },
  ]
}
