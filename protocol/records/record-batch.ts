import type * as zlib from 'node:zlib'
import { type CompressionType, compressionTypeOf } from './compression.ts'
import { crc32c } from './crc32c.ts'
import { InvalidRecords } from './invalid-records.ts'
import { loadModule } from './load-module.ts'
import { incrementSequence } from './sequence.ts'

/** Offset and size, which lead a batch of magic 2 and an entry of magic 0 and 1 alike; the size does not count them. */
export const batchPrefixBytes = 12
/** Up to and with the magic, which stands at the same place in all formats. */
export const batchHeaderUpToMagicBytes = 17
/** The header of magic 2: its records begin here. */
export const recordBatchHeaderBytes = 61

const sizeAt = 8
const magicAt = 16
const leaderEpochAt = 12
const crcAt = 17
const attributesAt = 21
const lastOffsetDeltaAt = 23
const baseTimestampAt = 27
const maxTimestampAt = 35
const producerIdAt = 43
const producerEpochAt = 51
const baseSequenceAt = 53
const countAt = 57

const legacyCrcAt = 12
const legacyAttributesAt = 17
const legacyTimestampAt = 18

/** What Kafka calls the minimum record overhead, that of magic 0. Below it nothing can be a batch. */
const entryBytesMin = 14
/** The least size field of each magic. */
const sizeMinByMagic = [entryBytesMin, entryBytesMin + 8, recordBatchHeaderBytes - batchPrefixBytes] as const

const compressionMask = 0x07
const logAppendTimeBit = 0x08
const transactionalBit = 0x10
const controlBit = 0x20
const deleteHorizonBit = 0x40

export type TimestampType = 'NoTimestampType' | 'CreateTime' | 'LogAppendTime'

/** The bits of a magic 2 batch's attributes. */
export interface BatchAttributes {
  readonly compressionId: number
  readonly logAppendTime: boolean
  readonly transactional: boolean
  readonly control: boolean
  readonly deleteHorizon: boolean
}

export function encodeAttributes(attributes: BatchAttributes): number {
  return (
    attributes.compressionId |
    (attributes.logAppendTime ? logAppendTimeBit : 0) |
    (attributes.transactional ? transactionalBit : 0) |
    (attributes.control ? controlBit : 0) |
    (attributes.deleteHorizon ? deleteHorizonBit : 0)
  )
}

/**
 * The header of one batch as it stands in somebody's bytes: nothing is read before it is asked for, and nothing is kept.
 * One view may be moved from batch to batch.
 *
 * An entry of magic 0 or 1 is a batch of one record, or of a compressed wrapper; what these formats lack reads as in Kafka
 * (-1 for producer, sequence and leader epoch). The bytes must hold the header: `batchSizeAt` and `recordBatches` see to it.
 */
export class RecordBatch {
  #bytes: Buffer
  #position: number

  constructor(bytes: Buffer, position = 0) {
    this.#bytes = bytes
    this.#position = position
  }

  moveTo(bytes: Buffer, position: number): this {
    this.#bytes = bytes
    this.#position = position
    return this
  }

  get bytes(): Buffer {
    return this.#bytes
  }

  get position(): number {
    return this.#position
  }

  get magic(): number {
    return this.#bytes.readInt8(this.#position + magicAt)
  }

  /** With the prefix of offset and size. */
  get sizeInBytes(): number {
    return this.#bytes.readInt32BE(this.#position + sizeAt) + batchPrefixBytes
  }

  /** Where the next batch begins. */
  get end(): number {
    return this.#position + this.sizeInBytes
  }

  /** The offset field. In a compressed wrapper of magic 0 or 1 that is the offset of the last record within. */
  get baseOffset(): bigint {
    return this.#bytes.readBigInt64BE(this.#position)
  }

  get lastOffset(): bigint {
    return BigInt.asIntN(64, this.baseOffset + BigInt(this.lastOffsetDelta))
  }

  get nextOffset(): bigint {
    return BigInt.asIntN(64, this.lastOffset + 1n)
  }

  get partitionLeaderEpoch(): number {
    return this.magic < 2 ? -1 : this.#bytes.readInt32BE(this.#position + leaderEpochAt)
  }

  /** As stored; CRC-32C in magic 2, CRC-32 before. */
  get crc(): number {
    return this.#bytes.readUInt32BE(this.#position + (this.magic < 2 ? legacyCrcAt : crcAt))
  }

  get attributes(): number {
    return this.magic < 2
      ? this.#bytes.readInt8(this.#position + legacyAttributesAt)
      : this.#bytes.readInt16BE(this.#position + attributesAt)
  }

  get compressionId(): number {
    return this.attributes & compressionMask
  }

  /** Throws for an unknown id, which Kafka too notices only when records are read. */
  get compression(): CompressionType {
    return compressionTypeOf(this.compressionId)
  }

  get timestampType(): TimestampType {
    if (this.magic === 0) return 'NoTimestampType'
    return (this.attributes & logAppendTimeBit) === 0 ? 'CreateTime' : 'LogAppendTime'
  }

  get isTransactional(): boolean {
    return this.magic >= 2 && (this.attributes & transactionalBit) !== 0
  }

  get isControl(): boolean {
    return this.magic >= 2 && (this.attributes & controlBit) !== 0
  }

  get hasDeleteHorizon(): boolean {
    return this.magic >= 2 && (this.attributes & deleteHorizonBit) !== 0
  }

  /** When the tombstones and markers of this batch may go (KIP-534); it stands in the base timestamp. */
  get deleteHorizonMs(): bigint | null {
    return this.hasDeleteHorizon ? this.baseTimestamp : null
  }

  get lastOffsetDelta(): number {
    return this.magic < 2 ? 0 : this.#bytes.readInt32BE(this.#position + lastOffsetDeltaAt)
  }

  get baseTimestamp(): bigint {
    return this.magic < 2 ? this.maxTimestamp : this.#bytes.readBigInt64BE(this.#position + baseTimestampAt)
  }

  get maxTimestamp(): bigint {
    if (this.magic === 0) return -1n
    return this.#bytes.readBigInt64BE(this.#position + (this.magic === 1 ? legacyTimestampAt : maxTimestampAt))
  }

  get producerId(): bigint {
    return this.magic < 2 ? -1n : this.#bytes.readBigInt64BE(this.#position + producerIdAt)
  }

  get producerEpoch(): number {
    return this.magic < 2 ? -1 : this.#bytes.readInt16BE(this.#position + producerEpochAt)
  }

  get baseSequence(): number {
    return this.magic < 2 ? -1 : this.#bytes.readInt32BE(this.#position + baseSequenceAt)
  }

  /** From the offsets, not from the count: a compacted batch keeps the sequences that it lost. */
  get lastSequence(): number {
    const { baseSequence } = this
    return baseSequence === -1 ? -1 : incrementSequence(baseSequence, this.lastOffsetDelta) | 0
  }

  /** As the header says; -1 in magic 0 and 1, whose headers do not say. */
  get count(): number {
    return this.magic < 2 ? -1 : this.#bytes.readInt32BE(this.#position + countAt)
  }

  /** Assigns the offsets. The checksum does not cover them. */
  setBaseOffset(baseOffset: bigint): void {
    this.#bytes.writeBigInt64BE(baseOffset, this.#position)
  }

  /** Magic 2 only; not under the checksum either. */
  setPartitionLeaderEpoch(epoch: number): void {
    this.#bytes.writeInt32BE(epoch, this.#position + leaderEpochAt)
  }

  /** Magic 2 only. Base timestamp and deltas stay the producer's: readers of such a batch look at the maximum alone. */
  setLogAppendTime(timestamp: bigint): void {
    this.#bytes.writeInt16BE(this.attributes | logAppendTimeBit, this.#position + attributesAt)
    this.#bytes.writeBigInt64BE(timestamp, this.#position + maxTimestampAt)
    this.#writeCrc()
  }

  /** Magic 2 only: what validation found the largest timestamp of a CreateTime batch to be. */
  setMaxTimestamp(timestamp: bigint): void {
    if (this.maxTimestamp === timestamp) return
    this.#bytes.writeBigInt64BE(timestamp, this.#position + maxTimestampAt)
    this.#writeCrc()
  }

  computeCrc(): number {
    if (this.magic >= 2) return crc32c(this.#bytes.subarray(this.#position + attributesAt, this.end))
    return loadModule<typeof zlib>('node:zlib').crc32(this.#bytes.subarray(this.#position + magicAt, this.end))
  }

  get hasValidCrc(): boolean {
    return this.crc === this.computeCrc()
  }

  /** Throws `corrupt` where size or checksum are wrong; the bytes must be there to the batch's end. */
  ensureValid(): void {
    checkSize(this.magic, this.sizeInBytes - batchPrefixBytes)
    const computed = this.computeCrc()
    if (this.crc !== computed) throw corrupt(`Record is corrupt (stored crc = ${this.crc}, computed crc = ${computed})`)
  }

  #writeCrc(): void {
    this.#bytes.writeUInt32BE(this.computeCrc(), this.#position + crcAt)
  }
}

function corrupt(message: string): InvalidRecords {
  return new InvalidRecords('corrupt', message)
}

function checkSize(magic: number, size: number): void {
  if (size < entryBytesMin) throw corrupt(`Record size ${size} is less than the minimum record overhead (${entryBytesMin})`)
  const least = sizeMinByMagic[magic]
  if (least === undefined) throw corrupt(`Invalid magic found in record: ${magic}`)
  if (size < least) throw corrupt(`Record size ${size} is less than the least of magic ${magic} (${least})`)
}

/**
 * The size that the batch at a position announces, prefix included; it may reach beyond `end`. Null where the bytes end
 * before the magic. An impossible size or magic is `corrupt`.
 */
export function batchSizeAt(bytes: Buffer, position: number, end = bytes.length): number | null {
  if (end - position < batchPrefixBytes) return null
  const size = bytes.readInt32BE(position + sizeAt)
  if (size < entryBytesMin) checkSize(0, size)
  if (end - position < batchHeaderUpToMagicBytes) return null
  checkSize(bytes.readInt8(position + magicAt), size)
  return size + batchPrefixBytes
}

/** The batches of all magics, one after the other. A last one that is cut off is not an error: the iteration ends before it. */
export function* recordBatches(bytes: Buffer, position = 0, end = bytes.length): Generator<RecordBatch, void, undefined> {
  let at = position
  for (;;) {
    const size = batchSizeAt(bytes, at, end)
    if (size === null || size > end - at) return
    yield new RecordBatch(bytes, at)
    at += size
  }
}
