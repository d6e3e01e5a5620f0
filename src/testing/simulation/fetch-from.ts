import { fetch } from '../../../protocol/messages/fetch.ts'
import type { RecordsSlice } from '../../../protocol/records/records-slice.ts'
import { errorOf } from './error-of.ts'
import { partitionOf } from './partition-name.ts'
import type { Connection } from './simulated-network.ts'

/** What one Fetch of one partition gave. */
export interface FetchedRecords {
  readonly records: RecordsSlice | null
  readonly highWatermark: bigint
  readonly lastStableOffset: bigint
  readonly abortedTransactions: readonly { readonly producerId: bigint; readonly firstOffset: bigint }[]
}

/** One Fetch of one partition; null when it is refused for now. */
export async function fetchFrom(
  connection: Connection,
  name: string,
  fetchOffset: bigint,
  isolationLevel: 0 | 1,
  maxWaitMs = 0,
  partitionMaxBytes = 64 << 10,
): Promise<FetchedRecords | null> {
  const [topic, partition] = partitionOf(name)
  const topics = [{ topic, partitions: [{ partition, fetchOffset, partitionMaxBytes }] }]
  const limits = { maxWaitMs, minBytes: 1, maxBytes: 1 << 20 }
  const response = await connection.ask(fetch, 11, { ...limits, isolationLevel, topics, forgottenTopicsData: [] })
  const answered = response.responses[0]?.partitions[0]
  if (answered === undefined || errorOf(answered.errorCode) !== 'NONE') return null
  const { records, highWatermark, lastStableOffset } = answered
  return { records, highWatermark, lastStableOffset, abortedTransactions: answered.abortedTransactions ?? [] }
}
