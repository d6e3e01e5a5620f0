import { compressionTypeOf, decompress } from './compression.ts'
import { InvalidRecords } from './invalid-records.ts'
import { decompressLz4 } from './lz4.ts'
import type { DecodedRecord } from './record.ts'
import { RecordBatch, recordBatches } from './record-batch.ts'

/** Where the key's length stands, from the entry's start: behind the attributes and, in magic 1, the timestamp. */
const keyAt = [18, 26] as const

function invalid(message: string): InvalidRecords {
  return new InvalidRecords('invalid', message)
}

interface KeyAndValue {
  readonly key: Buffer | null
  readonly value: Buffer | null
}

function readKeyAndValue(entry: RecordBatch): KeyAndValue {
  const { bytes, end } = entry
  let at = entry.position + keyAt[entry.magic as 0 | 1]
  const next = (): Buffer | null => {
    if (at + 4 > end) throw invalid('Found invalid record structure')
    const lengthBytes = bytes.readInt32BE(at)
    at += 4
    if (lengthBytes < 0) return null
    if (lengthBytes > end - at) throw invalid('Found invalid record structure')
    at += lengthBytes
    return bytes.subarray(at - lengthBytes, at)
  }
  return { key: next(), value: next() }
}

function toRecord(entry: RecordBatch, offset: bigint, timestamp: bigint): DecodedRecord {
  return { offset, timestamp, sequence: -1, ...readKeyAndValue(entry), headers: [] }
}

/** The records of one entry of magic 0 or 1: itself, or those within, if it is a compressed wrapper. */
export function* recordsOfMessageSetEntry(
  entry: RecordBatch,
  decompressedBytesMax: number,
): Generator<DecodedRecord, void, undefined> {
  if (entry.compressionId === 0) {
    yield toRecord(entry, entry.baseOffset, entry.maxTimestamp)
    return
  }
  const inner = innerEntries(entry, decompressedBytesMax)
  const offsetBase = innerOffsetBase(entry, inner)
  // With LogAppendTime only the wrapper was stamped.
  const logAppendTime = entry.timestampType === 'LogAppendTime' ? entry.maxTimestamp : null
  const view = new RecordBatch(inner.bytes)
  for (const position of inner.positions) {
    view.moveTo(inner.bytes, position)
    yield toRecord(view, BigInt.asIntN(64, offsetBase + view.baseOffset), logAppendTime ?? view.maxTimestamp)
  }
}

interface InnerEntries {
  readonly bytes: Buffer
  readonly positions: readonly number[]
}

/** All are found before the first is given, since the offsets follow from the last one. */
function innerEntries(wrapper: RecordBatch, decompressedBytesMax: number): InnerEntries {
  const { value } = readKeyAndValue(wrapper)
  if (value === null) throw invalid(`Found invalid compressed record set with null value (magic = ${wrapper.magic})`)
  const bytes = decompressWrapped(wrapper, value, decompressedBytesMax)
  const positions: number[] = []
  for (const inner of recordBatches(bytes)) {
    if (inner.magic !== wrapper.magic)
      throw invalid(`Compressed message magic ${inner.magic} does not match wrapper magic ${wrapper.magic}`)
    if (inner.compressionId !== 0) throw invalid('Compressed records within compressed records')
    positions.push(inner.position)
  }
  if (positions.length === 0) throw invalid('Found invalid compressed record set with no inner records')
  return { bytes, positions }
}

function decompressWrapped(wrapper: RecordBatch, value: Buffer, decompressedBytesMax: number): Buffer {
  const type = compressionTypeOf(wrapper.compressionId)
  if (type === 'zstd')
    throw new InvalidRecords('unsupported-compression', 'Records of magic 0 and 1 are never compressed with zstd')
  if (type === 'lz4' && wrapper.magic === 0) return decompressLz4(value, decompressedBytesMax, true)
  return decompress(type, value, decompressedBytesMax)
}

/**
 * What is to be added to an inner offset: in magic 0 they are absolute, in magic 1 relative, and the wrapper has the
 * offset of the last. A wrapper at 0 comes straight from a producer (librdkafka's, KAFKA-5298): its own are right as they are.
 */
function innerOffsetBase(wrapper: RecordBatch, inner: InnerEntries): bigint {
  if (wrapper.magic === 0 || wrapper.baseOffset === 0n) return 0n
  const last = inner.positions.at(-1)!
  return wrapper.baseOffset - inner.bytes.readBigInt64BE(last)
}
