import { recordsOf } from '../../../protocol/records/batch-records.ts'
import type { RecordBatch } from '../../../protocol/records/record-batch.ts'
import { batchesBetween } from './batches-between.ts'
import type { CleaningTools, DirtyPart } from './clean-log.ts'
import type { CleanableLog } from './cleanable-log.ts'
import { spansOf } from './cleaned-batch.ts'
import type { CleanedTransactions } from './cleaned-transactions.ts'

/** Fills the map with the keys of the dirty part; where it is full, the cleaning ends. Aborted records are none. */
export async function buildOffsetMap(
  log: CleanableLog,
  dirty: DirtyPart,
  tools: CleaningTools,
  transactions: CleanedTransactions,
): Promise<void> {
  const { firstDirtyOffset, firstUncleanableOffset } = dirty
  const { map, pace, readBytes } = tools
  map.restart(firstDirtyOffset)
  for await (const batch of batchesBetween(log.storage, firstDirtyOffset, firstUncleanableOffset, readBytes, pace)) {
    if (batch.isControl) transactions.metControlBatch(batch)
    else if (!transactions.metBatch(batch) && !(await addKeys(batch, log, firstDirtyOffset, tools))) return
    map.lookedAt(batch.lastOffset)
  }
  // Also where the last batches before the border are gone already.
  map.lookedAt(firstUncleanableOffset - 1n)
}

/** False: the map is full. */
async function addKeys(batch: RecordBatch, log: CleanableLog, firstDirtyOffset: bigint, tools: CleaningTools): Promise<boolean> {
  const { maxDecompressedMessageBytes } = log.config
  if (batch.magic < 2) {
    batch.ensureValid()
    for (const { key, offset } of recordsOf(batch, maxDecompressedMessageBytes)) {
      if (key !== null && offset >= firstDirtyOffset && !(await addKey(key, offset, tools))) return false
    }
    return true
  }
  const { baseOffset } = batch
  const spans = await spansOf(batch, maxDecompressedMessageBytes)
  while (spans.next()) {
    if (spans.key === null) continue
    const offset = baseOffset + BigInt(spans.offsetDelta)
    if (offset < firstDirtyOffset) continue
    if (tools.map.isCrowded) await tools.map.grow(tools.pace)
    if (!tools.map.put(spans.key, offset)) return false
    if (tools.pace.isDue) await tools.pace.rest()
  }
  return true
}

async function addKey(key: Buffer, offset: bigint, { map, pace }: CleaningTools): Promise<boolean> {
  if (map.isCrowded) await map.grow(pace)
  return map.put(key, offset)
}
