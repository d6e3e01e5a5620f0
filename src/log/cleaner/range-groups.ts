import type { StorageRange } from '../../storage/storage.ts'
import type { LogConfig } from '../log-config.ts'

const relativeOffsetMax = 0x7fffffffn
/** An entry of the time index, the larger of the two. */
const indexEntryBytes = 12

/**
 * The ranges that are rewritten into one each (`Cleaner.groupSegmentsBySize`): as many neighbours as fit a segment, its indexes, and the
 * offsets that these can tell. Else a log that is compacted again and again would consist of ever more and ever smaller segments.
 */
export function rangeGroups(
  ranges: readonly StorageRange[],
  config: Pick<LogConfig, 'segmentBytes' | 'segmentIndexBytes' | 'indexIntervalBytes'>,
): readonly (readonly StorageRange[])[] {
  const groups: StorageRange[][] = []
  let sizeBytes = 0
  let indexBytes = 0
  for (const range of ranges) {
    const group = groups.at(-1)
    const rangeIndexBytes = (range.sizeBytes / Math.max(1, config.indexIntervalBytes)) * indexEntryBytes
    const fits =
      group !== undefined &&
      sizeBytes + range.sizeBytes <= config.segmentBytes &&
      indexBytes + rangeIndexBytes <= config.segmentIndexBytes &&
      range.endOffset - 1n - group[0]!.baseOffset <= relativeOffsetMax
    sizeBytes = fits ? sizeBytes + range.sizeBytes : range.sizeBytes
    indexBytes = fits ? indexBytes + rangeIndexBytes : rangeIndexBytes
    if (fits) group.push(range)
    else groups.push([range])
  }
  return groups
}
