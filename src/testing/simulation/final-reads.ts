import { fetch } from '../../../protocol/messages/fetch.ts'
import { recordsOf } from '../../../protocol/records/batch-records.ts'
import { recordBatches } from '../../../protocol/records/record-batch.ts'
import type { RecordsSlice } from '../../../protocol/records/records-slice.ts'
import { errorOf } from './error-of.ts'
import { partitionOf } from './partition-name.ts'
import type { ReadRecord } from './produced-records.ts'
import type { Connection } from './simulated-network.ts'
import type { World } from './world.ts'

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
): Promise<FetchedRecords | null> {
  const [topic, partition] = partitionOf(name)
  const topics = [{ topic, partitions: [{ partition, fetchOffset, partitionMaxBytes: 64 << 10 }] }]
  const response = await connection.ask(fetch, 11, {
    maxWaitMs,
    minBytes: 1,
    maxBytes: 1 << 20,
    isolationLevel,
    topics,
    forgottenTopicsData: [],
  })
  const answered = response.responses[0]?.partitions[0]
  if (answered === undefined || errorOf(answered.errorCode) !== 'NONE') return null
  const { records, highWatermark, lastStableOffset } = answered
  return { records, highWatermark, lastStableOffset, abortedTransactions: answered.abortedTransactions ?? [] }
}

/** Reads every partition from its beginning to its end, and compares. */
export async function checkLogs(world: World, partitions: readonly string[]): Promise<void> {
  const connection = world.network.connect('last reader')
  for (const partition of partitions) world.records.checkLog(partition, await readAll(world, connection, partition))
  connection.close()
}

async function readAll(world: World, connection: Connection, partition: string): Promise<readonly ReadRecord[]> {
  const found: ReadRecord[] = []
  let next = 0n
  for (;;) {
    const fetched = await fetchFrom(connection, partition, next, 0)
    if (fetched === null) {
      world.violations.report('answered', `${partition} cannot be read in the end`)
      return found
    }
    if (next >= fetched.highWatermark) return found
    const from = next
    for (const batch of recordBatches(fetched.records?.view() ?? Buffer.alloc(0))) {
      next = batch.nextOffset
      if (batch.isControl) continue
      for (const { offset, value } of recordsOf(batch, 1 << 20)) {
        if (offset >= from) found.push({ offset, value: value?.toString() ?? '' })
      }
    }
    if (next === from) {
      world.violations.report('answered', `${partition} has nothing to read at ${next}, below its high watermark`)
      return found
    }
  }
}
