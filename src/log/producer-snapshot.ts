import { crc32c } from '../../protocol/records/crc32c.ts'
import { decrementSequence } from '../../protocol/records/sequence.ts'
import { newEntry, type ProducerBatch, type ProducerEntry, type ProducerState } from './producer-state.ts'

const version = 1
/** Version, checksum, count. */
const headerBytes = 10
const checkedFromByte = 6
const entryBytes = 46
/** Begins what Grete adds behind Kafka's entries. */
const extensionMagic = Buffer.from('Grete\0\0\x01', 'latin1')
/** When it was last heard of, whether its sequence is lost, how many batches follow. */
const extendedEntryBytes = 10
const extendedBatchBytes = 32
const batchesMax = 5

/**
 * Kafka's `OFFSET.snapshot`: the producers as they were when the log ended at OFFSET. Kafka keeps the last batch of each alone, so that
 * after its restart the retry of an earlier one is out of order; and then a client sends all that it has in flight again under
 * a new epoch. The other batches stand behind Kafka's entries, where Kafka's reader covers them with the checksum and looks no further.
 */
export function encodeProducerSnapshot(producers: ProducerState | null): Buffer {
  const entries: ProducerState['entries'] = producers?.entries ?? new Map()
  let batches = 0
  for (const entry of entries.values()) batches += entry.batches.length
  const kafkaBytes = headerBytes + entries.size * entryBytes
  const extendedBytes = extensionMagic.length + entries.size * extendedEntryBytes + batches * extendedBatchBytes
  const bytes = Buffer.alloc(kafkaBytes + (entries.size === 0 ? 0 : extendedBytes))
  bytes.writeInt16BE(version, 0)
  bytes.writeInt32BE(entries.size, 6)
  let at = headerBytes
  for (const [producerId, entry] of entries) {
    writeEntry(bytes, at, producerId, entry)
    at += entryBytes
  }
  if (entries.size > 0) {
    at += extensionMagic.copy(bytes, at)
    for (const entry of entries.values()) at = writeExtension(bytes, at, entry)
  }
  bytes.writeUInt32BE(crc32c(bytes.subarray(checkedFromByte)), 2)
  return bytes
}

function writeEntry(bytes: Buffer, at: number, producerId: bigint, entry: ProducerEntry): void {
  const last = entry.batches.at(-1)
  bytes.writeBigInt64BE(producerId, at)
  bytes.writeInt16BE(entry.epoch, at + 8)
  bytes.writeInt32BE(last?.lastSequence ?? -1, at + 10)
  bytes.writeBigInt64BE(last?.lastOffset ?? -1n, at + 14)
  bytes.writeInt32BE(last === undefined ? 0 : Number(last.lastOffset - last.baseOffset), at + 22)
  bytes.writeBigInt64BE(entry.lastTimestamp, at + 26)
  bytes.writeInt32BE(entry.coordinatorEpoch, at + 34)
  bytes.writeBigInt64BE(entry.transactionStart, at + 38)
}

function writeExtension(bytes: Buffer, start: number, entry: ProducerEntry): number {
  bytes.writeBigInt64BE(BigInt(entry.appendedAtMs), start)
  bytes.writeInt8(entry.sequenceIsLost ? 1 : 0, start + 8)
  bytes.writeInt8(entry.batches.length, start + 9)
  let at = start + extendedEntryBytes
  for (const batch of entry.batches) {
    bytes.writeInt32BE(batch.firstSequence, at)
    bytes.writeInt32BE(batch.lastSequence, at + 4)
    bytes.writeBigInt64BE(batch.baseOffset, at + 8)
    bytes.writeBigInt64BE(batch.lastOffset, at + 16)
    bytes.writeBigInt64BE(batch.timestamp, at + 24)
    at += extendedBatchBytes
  }
  return at
}

/** Null if the bytes are no sound snapshot. */
export function decodeProducerSnapshot(bytes: Buffer, nowMs: number): ReadonlyMap<bigint, ProducerEntry> | null {
  if (bytes.length < headerBytes || bytes.readInt16BE(0) !== version) return null
  if (bytes.readUInt32BE(2) !== crc32c(bytes.subarray(checkedFromByte))) return null
  const count = bytes.readInt32BE(6)
  const end = headerBytes + count * entryBytes
  if (count < 0 || bytes.length < end) return null
  const entries = new Map<bigint, ProducerEntry>()
  for (let at = headerBytes; at < end; at += entryBytes) {
    entries.set(bytes.readBigInt64BE(at), decodeEntry(bytes, at, nowMs))
  }
  if (bytes.length === end) return entries
  return entries.size === count && addExtension(bytes.subarray(end), [...entries.values()]) ? entries : null
}

function decodeEntry(bytes: Buffer, at: number, nowMs: number): ProducerEntry {
  const lastTimestamp = bytes.readBigInt64BE(at + 26)
  const entry = newEntry(bytes.readInt16BE(at + 8), lastTimestamp, nowMs)
  entry.coordinatorEpoch = bytes.readInt32BE(at + 34)
  const transactionStart = bytes.readBigInt64BE(at + 38)
  if (transactionStart >= 0n) entry.transactionStart = transactionStart
  const lastSequence = bytes.readInt32BE(at + 10)
  const lastOffset = bytes.readBigInt64BE(at + 14)
  const offsetDelta = bytes.readInt32BE(at + 22)
  if (lastOffset >= 0n) {
    entry.batches.push({
      firstSequence: decrementSequence(lastSequence, offsetDelta),
      lastSequence,
      baseOffset: lastOffset - BigInt(offsetDelta),
      lastOffset,
      timestamp: lastTimestamp,
    })
  }
  return entry
}

/** False: it is none that this release has written. */
function addExtension(bytes: Buffer, entries: readonly ProducerEntry[]): boolean {
  if (bytes.length < extensionMagic.length || extensionMagic.compare(bytes, 0, extensionMagic.length) !== 0) return false
  let at = extensionMagic.length
  for (const entry of entries) {
    if (bytes.length < at + extendedEntryBytes) return false
    const count = bytes.readInt8(at + 9)
    if (count < 0 || count > batchesMax || bytes.length < at + extendedEntryBytes + count * extendedBatchBytes) return false
    entry.appendedAtMs = Number(bytes.readBigInt64BE(at))
    entry.sequenceIsLost = bytes.readInt8(at + 8) !== 0
    entry.batches.length = 0
    at += extendedEntryBytes
    for (let index = 0; index < count; index += 1) {
      entry.batches.push(extendedBatchAt(bytes, at))
      at += extendedBatchBytes
    }
  }
  return at === bytes.length
}

function extendedBatchAt(bytes: Buffer, at: number): ProducerBatch {
  return {
    firstSequence: bytes.readInt32BE(at),
    lastSequence: bytes.readInt32BE(at + 4),
    baseOffset: bytes.readBigInt64BE(at + 8),
    lastOffset: bytes.readBigInt64BE(at + 16),
    timestamp: bytes.readBigInt64BE(at + 24),
  }
}
