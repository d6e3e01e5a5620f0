import { recordsOf } from '../../../protocol/records/batch-records.ts'
import { controlRecordTypeOf, controlRecordTypes } from '../../../protocol/records/control-record.ts'
import { type RecordBatch, recordBatches } from '../../../protocol/records/record-batch.ts'
import type { Clock } from '../../environment/environment.ts'
import { SimulatedClock } from '../../environment/simulated-clock.ts'
import type { PartitionLog } from '../partition-log.ts'
import { type CleaningResult, cleanLog } from './clean-log.ts'
import type { CleanableLog } from './cleanable-log.ts'
import { IoThrottle } from './io-throttle.ts'
import { firstDirty, logToClean } from './log-to-clean.ts'
import { OffsetMap } from './offset-map.ts'
import { Pace } from './pace.ts'

/** A clock on which all takes long: whoever works in slices rests whenever he looks at it. */
export class SlowClock extends SimulatedClock {
  #passedMs = 0

  override nowMs(): number {
    this.#passedMs += 5
    return super.nowMs() + this.#passedMs
  }
}

export interface TestCleaningOptions {
  readonly nowMs: number
  /** How many keys the map holds. Default: enough. */
  readonly keys?: number
  readonly readBytes?: number
  readonly isGivenUp?: () => boolean
  /** What drives the pace. Default: a clock that stands still, so that there is no rest. */
  readonly real?: Clock
}

/** Cleans what there is to clean of a log, however little of it is dirty. */
export async function cleanNow(log: CleanableLog, options: TestCleaningOptions): Promise<CleaningResult | null> {
  const { nowMs, keys = 10_000, readBytes = 4096, isGivenUp = () => false, real = new SlowClock(0) } = options
  const work = await logToClean(log, firstDirty(log, log.cleanedEnd).offset, nowMs)
  if (work === null || work.dirtyRatio === 0) return null
  const result = await log.rangeChanges.run(() =>
    cleanLog(log, work, {
      map: new OffsetMap({ memoryBytes: (keys + 1) * 24, loadFactor: 1, seed: 3 }),
      pace: new Pace({ real, throttle: new IoThrottle(real, () => Number.MAX_VALUE), isGivenUp }),
      readBytes,
      nowMs,
    }),
  )
  await log.saveCleanedEnd(result.endOffset)
  return result
}

export interface SeenRecord {
  readonly offset: bigint
  readonly timestamp: bigint
  readonly key: string | null
  readonly value: string | null
}

/** What a reader does between two reads; cleaning goes on meanwhile. */
type Pause = () => Promise<void>

const noPause: Pause = async () => {}

/** All batches of a log that readers of uncommitted records are given, or those that ask for committed ones. */
export async function batchesOf(
  log: PartitionLog,
  isolation: 'read_uncommitted' | 'read_committed',
  pause = noPause,
): Promise<RecordBatch[]> {
  const batches: RecordBatch[] = []
  for (let from = log.logStartOffset; ; from = batches.at(-1)!.nextOffset) {
    const pieces = await log.read(from, isolation, 1000, true)
    if (pieces.length === 0) return batches
    for (const piece of pieces) {
      batches.push(...recordBatches(Buffer.from(piece.bytes)))
      piece.release()
    }
    await pause()
  }
}

/** What an application sees; the records of transactions that were aborted are left out as clients do it, by what the broker tells of them. */
export async function recordsSeen(
  log: PartitionLog,
  isolation: 'read_uncommitted' | 'read_committed',
  pause = noPause,
): Promise<SeenRecord[]> {
  const start = log.logStartOffset
  const batches = await batchesOf(log, isolation, pause)
  const end = batches.at(-1)?.nextOffset ?? 0n
  const told = isolation === 'read_committed' ? [...log.abortedTransactions(start, end)] : []
  const aborted = new Set<bigint>()
  const seen: SeenRecord[] = []
  for (const batch of batches) {
    for (let next = told[0]; next !== undefined && next.firstOffset <= batch.lastOffset; next = told[0]) {
      aborted.add(next.producerId)
      told.shift()
    }
    if (batch.isControl) {
      if (isAbort(batch)) aborted.delete(batch.producerId)
    } else if (!(batch.isTransactional && aborted.has(batch.producerId))) seen.push(...recordsIn(batch, start))
  }
  return seen
}

export function recordsIn(batch: RecordBatch, from = 0n): SeenRecord[] {
  batch.ensureValid()
  return [...recordsOf(batch, 1 << 20)]
    .filter(({ offset }) => offset >= from)
    .map(({ offset, timestamp, key, value }) => ({
      offset,
      timestamp,
      key: key?.toString() ?? null,
      value: value?.toString() ?? null,
    }))
}

function isAbort(batch: RecordBatch): boolean {
  for (const { key } of recordsOf(batch, 1 << 20)) return controlRecordTypeOf(key) === controlRecordTypes.abort
  return false
}
