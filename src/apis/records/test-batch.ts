import { crc32c } from '../../../protocol/records/crc32c.ts'
import { buildRecordBatch, type RecordBatchOptions, type RecordToWrite } from '../../../protocol/records/record-batch-builder.ts'
import { OwnedRecords } from '../../../protocol/records/records-slice.ts'

/** One batch, as a client sends it, of records that have what is given here and a key, a value and a time besides. */
export function testBatch(records: readonly Partial<RecordToWrite>[], options: RecordBatchOptions = {}): OwnedRecords {
  const whole = records.map((record, index) => ({
    key: 'key',
    value: `value-${index}`,
    timestamp: BigInt(Date.now()),
    ...record,
  }))
  return new OwnedRecords(buildRecordBatch(whole, options))
}

/** A batch of which some bytes are not as a client may send them, with a checksum that is right again. */
export function spoiltBatch(spoil: (bytes: Buffer) => void): OwnedRecords {
  const bytes = Buffer.from(testBatch([{}, {}]).view())
  spoil(bytes)
  bytes.writeUInt32BE(crc32c(bytes.subarray(21)) >>> 0, 17)
  return new OwnedRecords(bytes)
}
