import { type RangeOptions, StorageError } from '../storage.ts'
import { holdsOnlyZeros, holdsSoundBatch, type WalkEnd, walkBatches } from './batch-walk.ts'
import { type FolderContents, isLeftOver, type PartitionFolder } from './partition-folder.ts'
import { Segment } from './segment.ts'
import type { SegmentContext } from './segment-context.ts'

export interface RecoveryOptions {
  readonly onCorruption: 'cut' | 'refuse'
  /** The last stop was clean: what is there was synced, and checksums need no look. */
  readonly clean: boolean
  /** Batches below it were synced and are sound, and so are the indexes of segments that end there. */
  readonly recoveryPoint: bigint
  readonly ranges: RangeOptions
}

export interface Recovered {
  readonly segments: Segment[]
  readonly bytesCut: number
  /** So much was found to be sound. */
  readonly bytesChecked: number
}

/**
 * Opens the segments of a partition and finds its end. After a clean stop no log is read, or the last few KiB of one. After a
 * crash every batch from the recovery point on is checked; the log is cut at the first that is not sound, segments behind it
 * included, as Kafka does. `refuse` checks all there is, and cuts a torn last batch alone.
 */
export async function recoverSegments(
  context: SegmentContext,
  folder: PartitionFolder,
  options: RecoveryOptions,
): Promise<Recovered> {
  const recovery = new Recovery(context, folder, options)
  try {
    return await recovery.run()
  } catch (error) {
    for (const segment of recovery.segments) await segment.close()
    throw error
  }
}

class Recovery {
  readonly segments: Segment[] = []
  readonly #context: SegmentContext
  readonly #folder: PartitionFolder
  readonly #options: RecoveryOptions
  readonly #toSync: Segment[] = []
  #bytesChecked = 0
  #contents: FolderContents = { baseOffsets: [], names: new Set() }

  constructor(context: SegmentContext, folder: PartitionFolder, options: RecoveryOptions) {
    this.#context = context
    this.#folder = folder
    this.#options = options
  }

  async run(): Promise<Recovered> {
    this.#contents = await contentsAfterCrash(this.#context, this.#folder)
    const { baseOffsets } = this.#contents
    let bytesCut = 0
    for (const [index, baseOffset] of baseOffsets.entries()) {
      const next = baseOffsets[index + 1]
      const segment = this.#found(baseOffset, next ?? baseOffset)
      this.segments.push(segment)
      if (next !== undefined && this.#isTrusted(next)) {
        segment.isSealed = this.#folder.hasIndexes(this.#contents, baseOffset)
        continue
      }
      const end = await this.#findEnd(segment, next === undefined)
      if (end === null || end.defect === null) continue
      if (next === end.endOffset && (await this.#trimmed(segment, end))) continue
      bytesCut = await this.#cut(segment, end, baseOffsets.slice(index + 1))
      break
    }
    await this.#sync()
    return { segments: this.segments, bytesCut, bytesChecked: this.#bytesChecked }
  }

  #found(baseOffset: bigint, endOffset: bigint): Segment {
    const { files, time } = this.#context
    const facts = files.factsSync(this.#folder.segmentPath(baseOffset))
    const sizeBytes = facts?.sizeBytes ?? 0
    // A clock that was set back since must not make it young again and again.
    const createdMs = Math.min(facts?.modifiedMs ?? 0, time.nowMs())
    const hadIndexes = this.#folder.hasIndexes(this.#contents, baseOffset)
    const found = { baseOffset, endOffset, sizeBytes, createdMs, hadIndexes }
    return new Segment(this.#context, this.#folder, this.#options.ranges, found)
  }

  /**
   * A segment that was closed and synced, with its indexes: the recovery point passes the next one's beginning only after that. One that
   * stands there may be older than the roll, and the indexes have been written since.
   */
  #isTrusted(next: bigint): boolean {
    const { onCorruption, clean, recoveryPoint } = this.#options
    return onCorruption === 'cut' && (clean || next < recoveryPoint)
  }

  /** Where the batches of a segment end; null if that is known without a look at them. */
  async #findEnd(segment: Segment, isLast: boolean): Promise<WalkEnd | null> {
    const { onCorruption, clean, recoveryPoint } = this.#options
    if (onCorruption === 'refuse') return await this.#walk(segment, 0n)
    if (!clean) return await this.#walk(segment, recoveryPoint)
    if (!isLast || segment.openedBytes === 0) return null
    if (this.#endedAtRecoveryPoint(segment)) {
      segment.endedAt(recoveryPoint)
      return null
    }
    const end = await this.#walk(segment, null)
    // The stop was not as clean as it looked: then nothing is taken on trust.
    return end.defect === null ? end : await this.#walk(segment, 0n)
  }

  /** A clean stop leaves both: a recovery point at the end of the log, and a snapshot of its producers there. */
  #endedAtRecoveryPoint(segment: Segment): boolean {
    const { recoveryPoint } = this.#options
    const isAgreed = this.#folder.newestSnapshot(this.#contents) === recoveryPoint && recoveryPoint > segment.baseOffset
    return isAgreed && this.#folder.hasIndexes(this.#contents, segment.baseOffset) && segment.hasIndexFiles
  }

  /** `soundBelow`: checksums from there on are checked; null: none. */
  async #walk(segment: Segment, soundBelow: bigint | null): Promise<WalkEnd> {
    const from = await segment.beginRecovery(soundBelow)
    const lastEnd = this.segments.at(-2)?.endOffset ?? 0n
    const end = await segment.walkFile({
      from,
      to: segment.openedBytes,
      fromOffset: lastEnd > segment.baseOffset ? lastEnd : segment.baseOffset,
      checkCrc: soundBelow !== null,
      soundBelow: soundBelow ?? 0n,
      visit: (facts) => {
        segment.addWritten(facts, facts.sizeBytes)
        return false
      },
    })
    segment.endRecovery()
    if (soundBelow === null) return end
    // Also where nothing is found behind the recovery point: its name, or that it was cut, may be known to the system alone.
    this.#toSync.push(segment)
    if (segment.endOffset > soundBelow) this.#bytesChecked += segment.openedBytes - from
    return end
  }

  /** Space that was reserved for the segment, and not given back before the crash: the next one goes on where it ends. */
  async #trimmed(segment: Segment, end: WalkEnd): Promise<boolean> {
    const { file, openedBytes } = segment
    const isReserve = await holdsOnlyZeros({ file, buffers: this.#context.buffers, from: end.position, to: openedBytes })
    if (isReserve) await segment.trim()
    return isReserve
  }

  async #cut(segment: Segment, end: WalkEnd, behind: readonly bigint[]): Promise<number> {
    const { onCorruption } = this.#options
    if (onCorruption === 'refuse') await refuseUnlessTorn(this.#context, this.#folder, segment, end, behind)
    let bytesCut = segment.openedBytes - end.position
    // The highest first: whatever a crash leaves is a log without a hole.
    for (const baseOffset of behind.toReversed()) {
      bytesCut += this.#context.files.factsSync(this.#folder.segmentPath(baseOffset))?.sizeBytes ?? 0
      await this.#folder.removeSegment(baseOffset)
    }
    await segment.file.truncate(segment.writtenBytes)
    if (!this.#toSync.includes(segment)) this.#toSync.push(segment)
    logCut(this.#context, this.#folder, end, bytesCut)
    return bytesCut
  }

  /** What is found counts as durable from here on, whether or not it was synced before the crash. */
  async #sync(): Promise<void> {
    for (const segment of this.#toSync) await segment.file.sync()
    if (this.#toSync.length > 0) await this.#folder.sync()
  }
}

/** A log that must lose nothing: only bytes that no sound batch follows can be the end of an interrupted write. */
async function refuseUnlessTorn(
  context: SegmentContext,
  folder: PartitionFolder,
  segment: Segment,
  end: WalkEnd,
  behind: readonly bigint[],
): Promise<void> {
  const { file, openedBytes } = segment
  const where = { file, buffers: context.buffers, from: end.position + 1, to: openedBytes, fromOffset: end.endOffset }
  let followed = await holdsSoundBatch(where)
  for (const baseOffset of behind) {
    if ((context.files.factsSync(folder.segmentPath(baseOffset))?.sizeBytes ?? 0) > 0) followed = true
  }
  if (!followed) return
  throw new StorageError(
    'corrupt',
    `${file.path}: ${end.defect} at position ${end.position} (offset ${end.endOffset}), though sound batches follow. ` +
      'Nothing was changed. Restore the file from a copy.',
  )
}

function logCut(context: SegmentContext, folder: PartitionFolder, end: WalkEnd, bytesCut: number): void {
  const { endOffset, defect } = end
  context.logger.warn(
    { folder: folder.path, bytesCut, endOffset, defect },
    `Cut ${bytesCut} bytes off the end of the log in ${folder.path}: at offset ${endOffset} there is ${defect}.`,
  )
}

/** What is in the folder once the changes are finished that a crash interrupted. */
async function contentsAfterCrash(context: SegmentContext, folder: PartitionFolder): Promise<FolderContents> {
  const contents = folder.contents()
  const isUntouched = ![...contents.names].some(isLeftOver)
  if (!isUntouched) await finishReplacements(context, folder)
  const left = isUntouched ? contents : folder.contents()
  await folder.removeOrphans(left)
  return left
}

/** A replacement that was complete when the process ended takes the place of the segments whose offsets it covers. */
async function finishReplacements(context: SegmentContext, folder: PartitionFolder): Promise<void> {
  for (const baseOffset of await folder.interruptedReplacements()) {
    const file = await folder.openReplacement(baseOffset)
    const { endOffset } = await walkBatches({
      file,
      buffers: context.buffers,
      from: 0,
      to: file.sizeSync(),
      fromOffset: baseOffset,
      checkCrc: false,
      visit: () => false,
    })
    const covered = folder.segments().filter((each) => each === baseOffset || (each > baseOffset && each < endOffset))
    await folder.completeReplacement(baseOffset, covered, file)
    await file.close()
  }
}
