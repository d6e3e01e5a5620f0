import { rmSync } from 'node:fs'
import { basename } from 'node:path'
import { filesEndingIn } from './log-files.ts'

/** By its name, the first offset of a segment, or the first that a snapshot does not contain. */
export const offsetOf = (file: string): number => Number(basename(file).slice(0, 20))

/** Deletes all snapshots but the newest, and the segments that it covers: what Kafka does once a minute, done at once. */
export function trimMetadataLog(folder: string): void {
  const newest = filesEndingIn(folder, '.checkpoint').at(-1)
  if (newest === undefined) return
  const segments = filesEndingIn(folder, '.log')
  for (const [index, segment] of segments.entries()) {
    const next = segments[index + 1]
    if (next === undefined || offsetOf(next) > offsetOf(newest)) break
    for (const file of filesEndingIn(folder, '.log', '.index', '.timeindex', '.snapshot')) {
      if (offsetOf(file) === offsetOf(segment)) rmSync(file)
    }
  }
  for (const file of filesEndingIn(folder, '.checkpoint')) if (file !== newest) rmSync(file)
}
