import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const METADATA = '__cluster_metadata-0'

/** The partition folders of a data directory, those that were marked for deletion left out. */
export function partitionFolders(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && /-\d+$/.test(entry.name))
    .map((entry) => join(directory, entry.name))
}

export const filesEndingIn = (folder: string, ...ends: readonly string[]): string[] =>
  readdirSync(folder)
    .filter((name) => ends.some((end) => name.endsWith(end)))
    .sort()
    .map((name) => join(folder, name))

/** A file of Kafka's with one line of numbers for each partition or epoch. */
export function checkpointLines(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').slice(2) : []
}

/** Where each leader epoch with records begins, by folder. */
type Epochs = ReadonlyMap<string, readonly string[]>

/** What stands in the files of all logs when a broker has ended. */
export interface LogFiles {
  /** Bytes of each segment, by path; a torn or preallocated end of zeros left out. */
  readonly segments: ReadonlyMap<string, Buffer>
  readonly epochs: Epochs
}

function withoutZeros(bytes: Buffer): Buffer {
  let end = bytes.length
  while (end > 0 && bytes[end - 1] === 0) end--
  return bytes.subarray(0, end)
}

/** Compacted logs are left out: their segments are written anew. */
export function readLogFiles(directories: readonly string[]): LogFiles {
  const folders = directories.flatMap(partitionFolders).filter((folder) => !folder.includes('/compacted-'))
  const segments = folders.flatMap((folder) => filesEndingIn(folder, '.log'))
  return {
    segments: new Map(segments.map((file) => [file, withoutZeros(readFileSync(file))])),
    epochs: new Map(folders.map((folder) => [folder, checkpointLines(join(folder, 'leader-epoch-checkpoint'))])),
  }
}

/** What the next broker must not have done: change bytes that were written, lose a segment behind one that it kept, or an epoch. */
export function changesOfLogFiles(before: LogFiles, after: LogFiles): string[] {
  const changes: string[] = []
  const kept = new Set<string>()
  for (const [file, bytes] of before.segments) {
    const folder = file.slice(0, file.lastIndexOf('/'))
    const now = after.segments.get(file)
    if (now !== undefined) kept.add(folder)
    else if (kept.has(folder)) changes.push(`${file} is gone`)
    if (now && !now.subarray(0, bytes.length).equals(bytes)) changes.push(`${file} was changed`)
  }
  for (const [folder, epochs] of before.epochs) {
    const now = after.epochs.get(folder)
    // Where the log start was moved into an epoch, that begins there.
    if (now === undefined || folder.endsWith(METADATA) || folder.includes('/started-')) continue
    const start = Math.min(...segmentStarts(folder, after))
    // The last one may be without records, and is then taken back for the next leader's.
    const wanted = epochs.slice(0, -1).filter((line) => Number(line.split(' ')[1]) >= start)
    for (const line of wanted) if (!now.includes(line)) changes.push(`${folder}: epoch ${line} is gone`)
  }
  return changes
}

const segmentStarts = (folder: string, { segments }: LogFiles): number[] =>
  [...segments.keys()].filter((file) => file.startsWith(`${folder}/`)).map((file) => Number(file.slice(-24, -4)))
