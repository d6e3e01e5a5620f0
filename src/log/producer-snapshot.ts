import { crc32c } from '../../protocol/records/crc32c.ts'
import { decrementSequence } from '../../protocol/records/sequence.ts'
import type { NamedBytes } from '../storage/storage.ts'
import { newEntry, type ProducerEntry, type ProducerState } from './producer-state.ts'

const version = 1
/** Version, checksum, count. */
const headerBytes = 10
const checkedFromByte = 6
const entryBytes = 46
const suffix = '.snapshot'
const namePattern = /^\d{20}\.snapshot$/

/**
 * Kafka's `OFFSET.snapshot`: the producers as they were when the log ended at OFFSET. Grete rebuilds them from the
 * batches, whose last five for each producer a snapshot does not have; but Kafka, after a clean stop, looks at nothing
 * else, and of a producer whose batches were deleted there is nothing else.
 */
export function encodeProducerSnapshot(producers: ProducerState): Buffer {
  const bytes = Buffer.alloc(headerBytes + producers.entries.size * entryBytes)
  bytes.writeInt16BE(version, 0)
  bytes.writeInt32BE(producers.entries.size, 6)
  let at = headerBytes
  for (const [producerId, entry] of producers.entries) {
    const last = entry.batches.at(-1)
    bytes.writeBigInt64BE(producerId, at)
    bytes.writeInt16BE(entry.epoch, at + 8)
    bytes.writeInt32BE(last?.lastSequence ?? -1, at + 10)
    bytes.writeBigInt64BE(last?.lastOffset ?? -1n, at + 14)
    bytes.writeInt32BE(last === undefined ? 0 : Number(last.lastOffset - last.baseOffset), at + 22)
    bytes.writeBigInt64BE(entry.lastTimestamp, at + 26)
    bytes.writeInt32BE(entry.coordinatorEpoch, at + 34)
    bytes.writeBigInt64BE(entry.transactionStart, at + 38)
    at += entryBytes
  }
  bytes.writeUInt32BE(crc32c(bytes.subarray(checkedFromByte)), 2)
  return bytes
}

/** Null if the bytes are no sound snapshot. */
export function decodeProducerSnapshot(bytes: Buffer, nowMs: number): ReadonlyMap<bigint, ProducerEntry> | null {
  if (bytes.length < headerBytes || bytes.readInt16BE(0) !== version) return null
  if (bytes.readUInt32BE(2) !== crc32c(bytes.subarray(checkedFromByte))) return null
  const count = bytes.readInt32BE(6)
  if (bytes.length !== headerBytes + count * entryBytes) return null
  const entries = new Map<bigint, ProducerEntry>()
  for (let at = headerBytes; at < bytes.length; at += entryBytes) {
    entries.set(bytes.readBigInt64BE(at), decodeEntry(bytes, at, nowMs))
  }
  return entries
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

/**
 * Adds the producers that only a snapshot knows. Removed are snapshots of a tail that the log has lost, and those from
 * before its start: what their producers did since may be gone too, and then they would refuse the right next sequence.
 */
export async function restoreProducerSnapshot(
  files: NamedBytes,
  producers: ProducerState,
  log: { readonly startOffset: bigint; readonly endOffset: bigint },
  nowMs: number,
): Promise<void> {
  const snapshots = await producerSnapshots(files)
  let restored = false
  for (const { name, offset } of snapshots) {
    if (offset > log.endOffset || offset < log.startOffset) {
      await files.remove(name)
      continue
    }
    if (restored) continue
    const bytes = await files.load(name)
    const entries = bytes === null ? null : decodeProducerSnapshot(bytes, nowMs)
    if (entries === null) continue
    restored = true
    for (const [producerId, entry] of entries) producers.restore(producerId, entry)
  }
}

/** Leaves one snapshot, at the log's end. */
export async function saveProducerSnapshot(files: NamedBytes, producers: ProducerState, logEndOffset: bigint): Promise<void> {
  const kept = `${logEndOffset.toString().padStart(20, '0')}${suffix}`
  if (producers.entries.size > 0) await files.save(kept, encodeProducerSnapshot(producers))
  for (const { name } of await producerSnapshots(files)) {
    if (name !== kept || producers.entries.size === 0) await files.remove(name)
  }
}

/** The newest first. */
async function producerSnapshots(files: NamedBytes): Promise<readonly { readonly name: string; readonly offset: bigint }[]> {
  const names = (await files.list()).filter((name) => namePattern.test(name))
  const snapshots = names.map((name) => ({ name, offset: BigInt(name.slice(0, -suffix.length)) }))
  return snapshots.sort((one, other) => (one.offset < other.offset ? 1 : -1))
}
