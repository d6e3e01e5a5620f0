import type { OpenFile } from '../../environment/files.ts'
import { StorageError } from '../storage.ts'
import { holdsSoundBatch, type WalkEnd, walkBatches } from './batch-walk.ts'
import type { PartitionFolder } from './partition-folder.ts'
import { Segment } from './segment.ts'
import type { SegmentContext } from './segment-context.ts'

export interface RecoveryOptions {
  readonly onCorruption: 'cut' | 'refuse'
  /** The last stop was clean: what is there was synced, and checksums need no look. */
  readonly clean: boolean
}

export interface Recovered {
  readonly segments: Segment[]
  readonly bytesCut: number
}

/**
 * Opens the segments of a partition and finds their batches. After a crash every batch is checked; the log is cut at
 * the first that is not sound, segments behind it included, as Kafka does. `refuse` cuts a torn last batch alone.
 */
export async function recoverSegments(
  context: SegmentContext,
  folder: PartitionFolder,
  options: RecoveryOptions,
): Promise<Recovered> {
  await finishReplacements(context, folder)
  const segments: Segment[] = []
  const baseOffsets = await folder.segments()
  const checkCrc = !options.clean || options.onCorruption === 'refuse'
  let bytesCut = 0
  try {
    for (const [index, baseOffset] of baseOffsets.entries()) {
      const file = await folder.openSegment(baseOffset)
      const opened = await openSegment(context, file, baseOffset, segments.at(-1)?.endOffset ?? 0n, checkCrc).catch(
        async (error) => {
          await file.close()
          throw error
        },
      )
      segments.push(opened.segment)
      const { position, defect } = opened.end
      if (defect === null) continue
      const behind = baseOffsets.slice(index + 1)
      if (options.onCorruption === 'refuse') await refuseUnlessTorn(context, folder, file, opened.end, behind)
      bytesCut = file.sizeSync() - position + (await cutBehind(folder, opened.segment, behind))
      logCut(context, folder, opened.end, bytesCut)
      break
    }
    const last = segments.at(-1)
    // It will grow. Kafka would take its indexes to cover all of it after our clean stop, and miss the newest timestamps.
    if (last !== undefined) await folder.removeIndexes(last.baseOffset)
    if (!options.clean || bytesCut > 0) await syncAll(context, folder, segments)
  } catch (error) {
    for (const segment of segments) await segment.file.close()
    throw error
  }
  return { segments, bytesCut }
}

async function openSegment(
  context: SegmentContext,
  file: OpenFile,
  baseOffset: bigint,
  lastEnd: bigint,
  checkCrc: boolean,
): Promise<{ readonly segment: Segment; readonly end: WalkEnd }> {
  const sizeBytes = file.sizeSync()
  const fromOffset = lastEnd > baseOffset ? lastEnd : baseOffset
  const walk = async (withCrc: boolean) => {
    const segment = new Segment(file, context.buffers, baseOffset, context.time.nowMs(), sizeBytes)
    const end = await walkBatches({
      file,
      buffers: context.buffers,
      from: 0,
      to: sizeBytes,
      fromOffset,
      checkCrc: withCrc,
      visit: (facts) => {
        segment.addWritten(facts, facts.sizeBytes)
        return false
      },
    })
    return { segment, end }
  }
  const opened = await walk(checkCrc)
  // The stop was not as clean as it looked: then nothing is taken on trust.
  return opened.end.defect !== null && !checkCrc ? await walk(true) : opened
}

/** A log that must lose nothing: only bytes that no sound batch follows can be the end of an interrupted write. */
async function refuseUnlessTorn(
  context: SegmentContext,
  folder: PartitionFolder,
  file: OpenFile,
  end: WalkEnd,
  behind: readonly bigint[],
): Promise<void> {
  const where = { file, buffers: context.buffers, from: end.position + 1, to: file.sizeSync(), fromOffset: end.endOffset }
  let followed = await holdsSoundBatch(where)
  for (const baseOffset of behind) {
    const later = await folder.openSegment(baseOffset)
    if (later.sizeSync() > 0) followed = true
    await later.close()
  }
  if (!followed) return
  throw new StorageError(
    'corrupt',
    `${file.path}: ${end.defect} at position ${end.position} (offset ${end.endOffset}), though sound batches follow. ` +
      'Nothing was changed. Restore the file from a copy.',
  )
}

async function cutBehind(folder: PartitionFolder, last: Segment, behind: readonly bigint[]): Promise<number> {
  let bytes = 0
  // The highest first: whatever a crash leaves is a log without a hole.
  for (const baseOffset of behind.toReversed()) {
    const file = await folder.openSegment(baseOffset)
    bytes += file.sizeSync()
    await file.close()
    await folder.removeSegment(baseOffset)
  }
  await last.file.truncate(last.writtenBytes)
  await folder.removeIndexes(last.baseOffset)
  return bytes
}

function logCut(context: SegmentContext, folder: PartitionFolder, end: WalkEnd, bytesCut: number): void {
  const { endOffset, defect } = end
  context.logger.warn(
    { folder: folder.path, bytesCut, endOffset, defect },
    `Cut ${bytesCut} bytes off the end of the log in ${folder.path}: at offset ${endOffset} there is ${defect}.`,
  )
}

/** What is found counts as durable from here on, whether or not it was synced before the crash. */
async function syncAll(context: SegmentContext, folder: PartitionFolder, segments: readonly Segment[]): Promise<void> {
  if (context.durability === 'page-cache') return
  for (const segment of segments) await segment.file.sync()
  await folder.sync()
}

/** A replacement that was complete when the process ended takes the place of the segments whose offsets it covers. */
async function finishReplacements(context: SegmentContext, folder: PartitionFolder): Promise<void> {
  for (const baseOffset of await folder.interruptedReplacements()) {
    const file = await folder.openReplacement(baseOffset)
    const to = file.sizeSync()
    const visit = () => false
    const { endOffset } = await walkBatches({
      file,
      buffers: context.buffers,
      from: 0,
      to,
      fromOffset: baseOffset,
      checkCrc: false,
      visit,
    })
    const covered = (await folder.segments()).filter((each) => each === baseOffset || (each > baseOffset && each < endOffset))
    await folder.completeReplacement(baseOffset, covered, file)
    await file.close()
  }
}
