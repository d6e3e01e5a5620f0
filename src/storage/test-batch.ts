import { crc32c } from '../../protocol/records/crc32c.ts'
import { OwnedRecords, type RecordsSlice } from '../../protocol/records/records-slice.ts'
import type { BatchPosition } from './storage.ts'

export interface AppendedBatch extends BatchPosition {
  readonly bytes: Buffer
  readonly records: RecordsSlice
}

export interface TestBatchOptions {
  readonly baseOffset: bigint
  readonly records?: number
  readonly maxTimestamp?: bigint
  readonly paddingBytes?: number
  readonly isControl?: boolean
}

/** A v2 batch with a true header and CRC for tests of backends, which never look at the records themselves. */
export function testBatch(options: TestBatchOptions): AppendedBatch {
  const { baseOffset, records = 1, maxTimestamp = 1000n, paddingBytes = 10, isControl = false } = options
  const bytes = Buffer.alloc(61 + paddingBytes, 0x5a)
  bytes.writeBigInt64BE(baseOffset, 0)
  bytes.writeInt32BE(bytes.length - 12, 8)
  bytes.writeInt32BE(0, 12)
  bytes.writeInt8(2, 16)
  bytes.writeInt16BE(isControl ? 0x20 : 0, 21)
  bytes.writeInt32BE(records - 1, 23)
  bytes.writeBigInt64BE(maxTimestamp, 27)
  bytes.writeBigInt64BE(maxTimestamp, 35)
  bytes.writeBigInt64BE(-1n, 43)
  bytes.writeInt16BE(-1, 51)
  bytes.writeInt32BE(-1, 53)
  bytes.writeInt32BE(records, 57)
  bytes.writeUInt32BE(crc32c(bytes.subarray(21)), 17)
  return { bytes, records: new OwnedRecords(bytes), baseOffset, lastOffset: baseOffset + BigInt(records - 1), maxTimestamp }
}
