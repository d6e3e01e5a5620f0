import { join } from 'node:path'
import type { Buffers } from '../../environment/buffers.ts'
import { type Files, type OpenFile, systemErrorCode } from '../../environment/files.ts'
import type { Logger } from '../../environment/logger.ts'
import { batchFactsAt, batchFactsBytes, isSoundBatchAt } from '../batch-facts.ts'
import type { PartitionId } from '../storage.ts'
import { folderName } from './folder-name.ts'
import { journalFile, journalHalfBytes, partBytesMax } from './journal.ts'
import { entryHeaderBytes, isSoundEntry, type JournalEntry, journalKey, readEntryHeader } from './journal-entry.ts'

interface ReplayContext {
  readonly files: Files
  readonly buffers: Buffers
  readonly logger: Logger
}

const windowBytes = 1024 * 1024
const syncsAtOnce = 3
/** The offset and the leader epoch of a batch lie before what its checksum covers: it is sound, and ours, though they are torn. */
const uncheckedBytes = 16

/**
 * Before partitions are opened, and after a stop that was not clean: puts into the segments what a crash kept from being
 * synced there, then removes the journal. Bytes of a segment that is gone were deleted; those of a log that was cut, or
 * cleaned, later are void.
 */
export async function replayJournal(
  context: ReplayContext,
  directory: string,
  partitions: readonly PartitionId[],
  halfBytes = journalHalfBytes,
): Promise<void> {
  const file = await openIfThere(context.files, join(directory, journalFile))
  if (file === null) return
  try {
    await new Replay(context, directory, partitions, file, halfBytes).run()
  } finally {
    await file.close()
  }
  await remove(context, directory)
}

/**
 * After a clean stop there is none of ours. One that is there was left before Kafka had the directory, which does not know
 * it, has cut its logs and gone on: nothing of it is true any more.
 */
export async function removeJournal(context: ReplayContext, directory: string): Promise<void> {
  const path = join(directory, journalFile)
  const file = await openIfThere(context.files, path)
  if (file === null) return
  const sizeBytes = file.sizeSync()
  await file.close()
  if (sizeBytes > 0)
    context.logger.warn({ path }, `${path} is older than the last clean stop, which another program made; it is removed unread.`)
  await remove(context, directory)
}

async function remove({ files }: ReplayContext, directory: string): Promise<void> {
  await files.remove(join(directory, journalFile))
  await files.syncDirectory(directory)
}

type Visit = (entry: JournalEntry, bytes: Buffer) => Promise<void>

/** Of the journal: where its sound entries are. */
interface Half {
  readonly generation: number
  readonly start: number
  readonly end: number
}

class Replay {
  readonly #context: ReplayContext
  readonly #directory: string
  readonly #folders: ReadonlyMap<string, string>
  readonly #journal: OpenFile
  readonly #halfBytes: number
  /** The last entry of each log that made void what stood before it. */
  readonly #voids = new Map<string, JournalEntry>()
  /** By path; null where there is none, or where it does not go together with the journal. */
  readonly #segments = new Map<string, OpenFile | null>()
  #replayedBytes = 0

  constructor(
    context: ReplayContext,
    directory: string,
    partitions: readonly PartitionId[],
    journal: OpenFile,
    halfBytes: number,
  ) {
    this.#context = context
    this.#directory = directory
    this.#folders = new Map(partitions.map((id) => [journalKey(id), folderName(id.topic, id.partition)]))
    this.#journal = journal
    this.#halfBytes = halfBytes
  }

  async run(): Promise<void> {
    try {
      const halves: Half[] = []
      for (const start of [0, this.#halfBytes]) {
        const end = Math.min(start + this.#halfBytes, this.#journal.sizeSync())
        const half = await this.#walk(start, end, 'check', async (entry) => {
          if (entry.kind === 'void') this.#noteVoid(entry)
        })
        if (half !== null) halves.push(half)
      }
      halves.sort((a, b) => a.generation - b.generation)
      for (const { start, end } of halves) await this.#walk(start, end, 'trust', (entry, bytes) => this.#replay(entry, bytes))
      await this.#syncSegments()
    } finally {
      for (const segment of this.#segments.values()) await segment?.close()
    }
    const { path } = this.#journal
    this.#context.logger.info(
      { path, bytes: this.#replayedBytes, segments: this.#segments.size },
      `${path}: ${this.#replayedBytes} bytes that the last run had not written to their segments are there now.`,
    )
  }

  /** Visits the entries of a half, where they are not to be trusted up to the first that is not sound; null if it holds none. */
  async #walk(start: number, end: number, how: 'check' | 'trust', visit: Visit): Promise<Half | null> {
    const buffer = this.#context.buffers.take(windowBytes)
    let generation: number | null = null
    let [position, number, held, length] = [start, 0, start, 0]
    const walked = (): Half | null => (generation === null ? null : { generation, start, end: position })
    try {
      for (;;) {
        if (position + entryHeaderBytes > end) return walked()
        if (position + entryHeaderBytes + partBytesMax > held + length && held + length < end) {
          held = position
          length = await this.#journal.read(buffer.subarray(0, Math.min(windowBytes, end - position)), position)
        }
        const at = position - held
        const entry = readEntryHeader(buffer.subarray(0, length), at)
        if (entry === null || entry.number !== number || (generation !== null && entry.generation !== generation)) return walked()
        if (at + entryHeaderBytes + entry.bytes > length) return walked()
        if (how === 'check' && !isSoundEntry(buffer, at, entry.bytes)) return walked()
        generation = entry.generation
        await visit(entry, buffer.subarray(at + entryHeaderBytes, at + entryHeaderBytes + entry.bytes))
        number++
        position += entryHeaderBytes + entry.bytes
      }
    } finally {
      this.#context.buffers.give(buffer)
    }
  }

  #noteVoid(entry: JournalEntry): void {
    const noted = this.#voids.get(journalKey(entry.log))
    if (noted === undefined || isBefore(noted, entry)) this.#voids.set(journalKey(entry.log), entry)
  }

  async #replay(entry: JournalEntry, bytes: Buffer): Promise<void> {
    const key = journalKey(entry.log)
    const folder = this.#folders.get(key)
    const madeVoid = this.#voids.get(key)
    if (entry.kind === 'void' || folder === undefined || (madeVoid !== undefined && isBefore(entry, madeVoid))) return
    const path = join(this.#directory, folder, `${entry.segmentBaseOffset.toString().padStart(20, '0')}.log`)
    const segment = await this.#segment(path)
    if (segment === null) return
    const found = this.#find(segment, entry.position, bytes)
    if (found === 'ours') return
    if (found === 'none') {
      await segment.write([bytes], entry.position)
      this.#replayedBytes += bytes.length
      return
    }
    // What Kafka or a hand has put there since is not overwritten, nor is a hole made behind a file that was cut.
    this.#context.logger.warn(
      { path, position: entry.position },
      `${path} was changed since the last run: what the journal has for it from position ${entry.position} on is left out.`,
    )
    this.#segments.set(path, null)
    await segment.sync()
    await segment.close()
  }

  async #segment(path: string): Promise<OpenFile | null> {
    const known = this.#segments.get(path)
    if (known !== undefined) return known
    const segment = await openIfThere(this.#context.files, path)
    this.#segments.set(path, segment)
    return segment
  }

  /** What the segment has where the bytes belong: them, nothing that counts, or what somebody else has made of it. At once: nobody is served yet. */
  #find(segment: OpenFile, position: number, bytes: Buffer): 'ours' | 'none' | 'others' {
    if (position > segment.sizeSync()) return 'others'
    const buffer = this.#context.buffers.take(bytes.length)
    try {
      const found = buffer.subarray(0, segment.readSync(buffer, position))
      if (found.equals(bytes)) return 'ours'
    } finally {
      this.#context.buffers.give(buffer)
    }
    for (let at = 0; at < bytes.length; ) {
      const sizeBytes = batchFactsAt(bytes, at)?.sizeBytes ?? bytes.length
      if (this.#isOthers(segment, position + at, bytes.subarray(at, at + sizeBytes))) return 'others'
      at += sizeBytes
    }
    return 'none'
  }

  /** Whether another sound batch stands where one of ours belongs. */
  #isOthers(segment: OpenFile, position: number, ours: Buffer): boolean {
    const header = Buffer.alloc(batchFactsBytes)
    const facts = batchFactsAt(header.subarray(0, segment.readSync(header, position)), 0)
    if (facts === null || facts.sizeBytes > segment.sizeSync() - position) return false
    // Whoever cut the log here went on at our offset or behind it. What lies lower is what a reused block held before.
    if (facts.baseOffset < (batchFactsAt(ours, 0)?.baseOffset ?? 0n)) return false
    const buffer = this.#context.buffers.take(facts.sizeBytes)
    try {
      const found = buffer.subarray(0, segment.readSync(buffer, position))
      return isSoundBatchAt(found, 0) && !found.subarray(uncheckedBytes).equals(ours.subarray(uncheckedBytes))
    } finally {
      this.#context.buffers.give(buffer)
    }
  }

  async #syncSegments(): Promise<void> {
    const left = this.#segments.values()
    const lane = async (): Promise<void> => {
      for (const segment of left) await segment?.sync()
    }
    await Promise.all(Array.from({ length: syncsAtOnce }, lane))
  }
}

function isBefore(a: JournalEntry, b: JournalEntry): boolean {
  return a.generation === b.generation ? a.number < b.number : a.generation < b.generation
}

async function openIfThere(files: Files, path: string): Promise<OpenFile | null> {
  let file: OpenFile | null = null
  try {
    file = await files.open(path)
    // What is opened at its first use is not known to be there before.
    file.sizeSync()
    return file
  } catch (error) {
    await file?.close()
    if (systemErrorCode(error) === 'ENOENT') return null
    throw error
  }
}
