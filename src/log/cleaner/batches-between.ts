import { type RecordBatch, recordBatches } from '../../../protocol/records/record-batch.ts'
import type { PartitionStorage } from '../../storage/storage.ts'
import type { Pace } from './pace.ts'

/**
 * The batches of a log between two offsets, from the one that contains `from`. A batch, and the bytes that it is in, may be used until the
 * next one is asked for.
 */
export async function* batchesBetween(
  storage: PartitionStorage,
  from: bigint,
  end: bigint,
  readBytes: number,
  pace: Pace,
): AsyncGenerator<RecordBatch, void, undefined> {
  let next = from
  while (next < end) {
    const pieces = await storage.read(next, end, readBytes, true)
    if (pieces.length === 0) return
    try {
      await pace.moved(pieces.reduce((sum, { bytes }) => sum + bytes.length, 0))
      for (const { bytes } of pieces) {
        for (const batch of recordBatches(bytes)) {
          if (pace.isDue) await pace.rest()
          next = batch.nextOffset
          yield batch
        }
      }
    } finally {
      for (const piece of pieces) piece.release()
    }
  }
}
