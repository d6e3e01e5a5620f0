import { crc32c } from '../../../protocol/records/crc32c.ts'

/**
 * An entry of the journal: a header of 64 bytes, then `bytes` bytes of a log segment.
 *
 *     0 magic   4 CRC-32C of all behind it   8 generation   12 number   16 kind   20 partition   24 topic id (16 bytes)
 *     40 base offset of the segment (8 bytes)   48 position in it (8 bytes)   56 bytes   60 nothing
 */
export interface JournalEntry {
  /** Of the half that it stands in, each time that it is begun anew: it tells what an earlier use has left behind it. */
  readonly generation: number
  /** Within its generation, without a gap. */
  readonly number: number
  /** `void`: what stands before it of the same log is no longer true. */
  readonly kind: 'bytes' | 'void'
  readonly log: JournalLogId
  readonly segmentBaseOffset: bigint
  readonly position: number
  readonly bytes: number
}

export interface JournalLogId {
  /** Kafka's text form. */
  readonly topicId: string
  readonly partition: number
}

export const entryHeaderBytes = 64
const magic = 0x47726a31
const kinds = ['bytes', 'void'] as const

/** The same for two texts of one topic id, whatever their unused last bits. */
export function journalKey(log: JournalLogId): string {
  return `${Buffer.from(log.topicId, 'base64url').toString('base64url')}-${log.partition}`
}

/** Writes the header at `at`; what it announces stands behind it already. */
export function writeEntryHeader(entry: JournalEntry, into: Buffer, at: number): void {
  const header = into.subarray(at, at + entryHeaderBytes).fill(0)
  header.writeUInt32BE(magic, 0)
  header.writeUInt32BE(entry.generation, 8)
  header.writeUInt32BE(entry.number, 12)
  header.writeUInt32BE(kinds.indexOf(entry.kind), 16)
  header.writeInt32BE(entry.log.partition, 20)
  Buffer.from(entry.log.topicId, 'base64url').copy(header, 24, 0, 16)
  header.writeBigInt64BE(entry.segmentBaseOffset, 40)
  header.writeBigInt64BE(BigInt(entry.position), 48)
  header.writeUInt32BE(entry.bytes, 56)
  header.writeUInt32BE(crc32c(into.subarray(at + 8, at + entryHeaderBytes + entry.bytes)), 4)
}

/** The header at `at`, before its checksum is looked at; null if there is none. */
export function readEntryHeader(from: Buffer, at: number): JournalEntry | null {
  if (from.length - at < entryHeaderBytes || from.readUInt32BE(at) !== magic) return null
  const kind = kinds[from.readUInt32BE(at + 16)]
  const position = from.readBigInt64BE(at + 48)
  if (kind === undefined || position < 0n || position > BigInt(Number.MAX_SAFE_INTEGER)) return null
  return {
    generation: from.readUInt32BE(at + 8),
    number: from.readUInt32BE(at + 12),
    kind,
    log: { topicId: from.toString('base64url', at + 24, at + 40), partition: from.readInt32BE(at + 20) },
    segmentBaseOffset: from.readBigInt64BE(at + 40),
    position: Number(position),
    bytes: from.readUInt32BE(at + 56),
  }
}

export function isSoundEntry(from: Buffer, at: number, bytes: number): boolean {
  return crc32c(from.subarray(at + 8, at + entryHeaderBytes + bytes)) === from.readUInt32BE(at + 4)
}
