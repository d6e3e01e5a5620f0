import type { NamedBytes, StorageRange } from '../storage/storage.ts'
import type { AbortedTransactions } from './aborted-transactions.ts'

const suffix = '.txnindex'
const namePattern = /^\d{20}\.txnindex$/

/**
 * Leaves Kafka's `BASEOFFSET.txnindex` for each segment in which a transaction was aborted, and no other. Grete itself knows
 * them from the batches; Kafka, after a clean stop, believes these files wherever a segment's other indexes are there.
 */
export async function saveTransactionIndexes(
  files: NamedBytes,
  aborted: AbortedTransactions,
  ranges: readonly StorageRange[],
): Promise<void> {
  const stale = new Set((await files.list()).filter((name) => namePattern.test(name)))
  for (const { baseOffset, endOffset } of ranges) {
    const bytes = aborted.encode(baseOffset, endOffset)
    if (bytes.length === 0) continue
    const name = `${baseOffset.toString().padStart(20, '0')}${suffix}`
    stale.delete(name)
    const saved = await files.load(name)
    if (saved === null || !saved.equals(bytes)) await files.save(name, bytes)
  }
  for (const name of stale) await files.remove(name)
}
