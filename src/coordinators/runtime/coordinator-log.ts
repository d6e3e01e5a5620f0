import assert from 'node:assert'
import { recordsOf } from '../../../protocol/records/batch-records.ts'
import { decodeEndTransactionMarker } from '../../../protocol/records/control-record.ts'
import { type RecordBatch, recordBatches } from '../../../protocol/records/record-batch.ts'
import { buildRecordBatch } from '../../../protocol/records/record-batch-builder.ts'
import { RetainedRecords } from '../../../protocol/records/records-slice.ts'
import type { PartitionLog } from '../../log/partition-log.ts'
import type { CoordinatorRecord, Producer } from '../machine.ts'

/** What reading the log gives to a machine. */
export interface Replayer {
  replay(offset: bigint, record: CoordinatorRecord): void
  replayMarker(producer: Producer, commit: boolean): void
}

const readBytes = 1024 * 1024
/** Grete writes its own records plain; a topic that Kafka wrote may be compressed (offsets.topic.compression.codec). */
const decompressedBytesMax = 256 * 1024 * 1024
/** A record's framing and its share of the batch's header, at most. */
const recordOverheadBytes = 64

/** Reads on from an offset, a piece at a time; gives the offset to go on from, which is the same at the end. */
export async function replayFrom(log: PartitionLog, from: bigint, end: bigint, machine: Replayer): Promise<bigint> {
  const pieces = await log.read(from, 'read_uncommitted', readBytes, true)
  try {
    let next = from
    for (const batch of recordBatches(new RetainedRecords(pieces).view())) {
      if (batch.baseOffset >= end) break
      replayBatch(batch, next, machine)
      next = batch.nextOffset
    }
    return next
  } finally {
    for (const piece of pieces) piece.release()
  }
}

function replayBatch(batch: RecordBatch, from: bigint, machine: Replayer): void {
  const producer = batch.isTransactional ? { id: batch.producerId, epoch: batch.producerEpoch } : null
  for (const { offset, key, value } of recordsOf(batch, decompressedBytesMax)) {
    if (offset < from) continue
    if (batch.isControl) replayMarker(machine, producer, key, value)
    else if (key !== null) machine.replay(offset, { key, value, producer })
  }
}

function replayMarker(machine: Replayer, producer: Producer | null, key: Buffer | null, value: Buffer | null): void {
  const marker = decodeEndTransactionMarker(key, value)
  if (marker !== null && producer !== null) machine.replayMarker(producer, marker.commit)
}

/**
 * A decision's records as batches; one, unless it would be larger than the topic takes, as when a topic goes whose
 * offsets very many groups have committed.
 */
export function* batchesOf(
  records: readonly CoordinatorRecord[],
  batchBytesMax: number,
): Generator<readonly CoordinatorRecord[], void, undefined> {
  let batch: CoordinatorRecord[] = []
  let bytes = 0
  for (const record of records) {
    const recordBytes = record.key.length + (record.value?.length ?? 0) + recordOverheadBytes
    if (batch.length > 0 && bytes + recordBytes > batchBytesMax) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(record)
    bytes += recordBytes
  }
  if (batch.length > 0) yield batch
}

/** Records that have a producer all have the same: they are a batch of its transaction, without a sequence as Kafka's coordinators write it. */
export function encodeBatch(records: readonly CoordinatorRecord[], nowMs: number): Buffer {
  const timestamp = BigInt(nowMs)
  const producer = records[0]?.producer ?? null
  assert(records.every((record) => record.producer?.id === producer?.id && record.producer?.epoch === producer?.epoch))
  const ofTransaction =
    producer === null
      ? undefined
      : { producerId: producer.id, producerEpoch: producer.epoch, baseSequence: -1, isTransactional: true }
  return buildRecordBatch(
    records.map(({ key, value }) => ({ timestamp, key, value })),
    ofTransaction,
  )
}
