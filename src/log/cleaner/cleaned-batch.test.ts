import { describe, expect, test } from '@jest/globals'
import { recordsOf } from '../../../protocol/records/batch-records.ts'
import { RecordBatch } from '../../../protocol/records/record-batch.ts'
import { buildRecordBatch } from '../../../protocol/records/record-batch-builder.ts'
import { SimulatedClock } from '../../environment/simulated-clock.ts'
import { type BatchCleaning, cleanedBatch } from './cleaned-batch.ts'
import { IoThrottle } from './io-throttle.ts'
import { Pace } from './pace.ts'

const clock = new SimulatedClock()
const cleaning: BatchCleaning = {
  staysByKey: (_offset, { key }) => key?.toString() !== 'drop',
  newDeleteHorizonMs: 5_000n,
  decompressedBytesMax: 1 << 20,
  pace: new Pace({ real: clock, throttle: new IoThrottle(clock, () => Number.MAX_VALUE), isGivenUp: () => false }),
}
const retention = { dropsRecords: false, keepsHeader: false, endsNothing: false }

/** A message of magic 0 or 1, uncompressed. */
function oldMessage(magic: 0 | 1, offset: bigint, timestamp: bigint, key: string, value: string | null): Buffer {
  const keyBytes = Buffer.from(key)
  const valueBytes = value === null ? Buffer.alloc(0) : Buffer.from(value)
  const bytes = Buffer.alloc(12 + 6 + (magic === 1 ? 8 : 0) + 8 + keyBytes.length + valueBytes.length)
  bytes.writeBigInt64BE(offset, 0)
  bytes.writeInt32BE(bytes.length - 12, 8)
  bytes.writeInt8(magic, 16)
  let at = 18
  if (magic === 1) at = bytes.writeBigInt64BE(timestamp, at)
  at = bytes.writeInt32BE(keyBytes.length, at)
  at += keyBytes.copy(bytes, at)
  at = bytes.writeInt32BE(value === null ? -1 : valueBytes.length, at)
  valueBytes.copy(bytes, at)
  bytes.writeUInt32BE(new RecordBatch(bytes).computeCrc(), 12)
  return bytes
}

describe('a batch that is cleaned', () => {
  test('is the same bytes where all its records stay', async () => {
    const bytes = buildRecordBatch([{ timestamp: 1n, key: 'a', value: 'b' }], { compression: 'gzip' })
    expect((await cleanedBatch(new RecordBatch(bytes), retention, cleaning))?.buffer).toBe(bytes.buffer)
  })

  test('keeps the headers of its records, its epochs and its sequences', async () => {
    const records = ['drop', 'a', 'drop', 'b'].map((key, index) => ({
      timestamp: 100n - BigInt(index),
      key,
      value: key,
      headers: [{ key: 'h', value: null }],
    }))
    const options = { baseOffset: 70n, partitionLeaderEpoch: 3, producerId: 9n, producerEpoch: 2, baseSequence: 11 }
    const cleaned = await cleanedBatch(new RecordBatch(buildRecordBatch(records, options)), retention, cleaning)
    const batch = new RecordBatch(cleaned!)
    batch.ensureValid()
    expect([batch.baseOffset, batch.lastOffset, batch.lastSequence, batch.partitionLeaderEpoch]).toEqual([70n, 73n, 14, 3])
    expect([batch.producerId, batch.producerEpoch, batch.baseSequence, batch.maxTimestamp]).toEqual([9n, 2, 11, 99n])
    expect([...recordsOf(batch, 1000)].map(({ offset, timestamp, headers }) => [offset, timestamp, headers.length])).toEqual([
      [71n, 99n, 1],
      [73n, 97n, 1],
    ])
  })

  test('of magic 0 and 1 becomes one of magic 2, in which tombstones have a delete horizon', async () => {
    const message = new RecordBatch(oldMessage(1, 40n, 77n, 'a', 'b'))
    const batch = new RecordBatch((await cleanedBatch(message, retention, cleaning))!)
    batch.ensureValid()
    expect([batch.magic, batch.baseOffset, batch.lastOffset, batch.maxTimestamp]).toEqual([2, 40n, 40n, 77n])
    const tombstone = new RecordBatch(
      (await cleanedBatch(new RecordBatch(oldMessage(0, 41n, 0n, 'a', null)), retention, cleaning))!,
    )
    expect([tombstone.deleteHorizonMs, tombstone.timestampType]).toEqual([5_000n, 'CreateTime'])
    expect([...recordsOf(tombstone, 1000)].map(({ timestamp, value }) => [timestamp, value])).toEqual([[-1n, null]])
    expect(await cleanedBatch(new RecordBatch(oldMessage(1, 42n, 77n, 'drop', 'b')), retention, cleaning)).toBeNull()
  })

  test('is not believed where its checksum, its count or its records are wrong', async () => {
    const bytes = buildRecordBatch([{ timestamp: 1n, key: 'a', value: 'b' }])
    const flipped = Buffer.from(bytes)
    flipped[flipped.length - 2]! ^= 1
    await expect(cleanedBatch(new RecordBatch(flipped), retention, cleaning)).rejects.toMatchObject({ kind: 'corrupt' })
    for (const count of [2, -1]) {
      const miscounted = Buffer.from(bytes)
      miscounted.writeInt32BE(count, 57)
      miscounted.writeUInt32BE(new RecordBatch(miscounted).computeCrc(), 17)
      await expect(cleanedBatch(new RecordBatch(miscounted), retention, cleaning)).rejects.toMatchObject({ kind: 'invalid' })
    }
  })
})
