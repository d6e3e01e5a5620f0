import { describe, expect, test } from '@jest/globals'
import { crc32c } from '../../protocol/records/crc32c.ts'
import { RecordBatch } from '../../protocol/records/record-batch.ts'
import { decodeProducerSnapshot, encodeProducerSnapshot } from './producer-snapshot.ts'
import { ProducerState } from './producer-state.ts'
import { replayBatch } from './replay-batch.ts'
import { sequenced, startMs, testBatchBytes } from './test-log.ts'

function producers(...ids: readonly bigint[]): ProducerState {
  const state = new ProducerState(1000)
  for (const id of ids)
    replayBatch(new RecordBatch(testBatchBytes({ ...sequenced(2, 5, 3, id), baseOffset: 40n })), state, false, 0)
  return state
}

describe("Kafka's producer snapshot", () => {
  test('has its layout, with more behind it that Kafka passes over', () => {
    const bytes = encodeProducerSnapshot(producers(9n))
    expect(bytes.subarray(0, 2).toString('hex')).toBe('0001')
    const fields = [
      '00000001',
      '0000000000000009',
      '0002',
      '00000007',
      '000000000000002a',
      '00000002',
      BigInt(startMs).toString(16).padStart(16, '0'),
      'ffffffff',
      'ffffffffffffffff',
    ]
    expect(bytes.subarray(6, 6 + fields.join('').length / 2).toString('hex')).toBe(fields.join(''))
  })

  test('keeps each producer', () => {
    const entries = decodeProducerSnapshot(encodeProducerSnapshot(producers(9n, 10n)), 77)
    expect([...(entries?.keys() ?? [])]).toEqual([9n, 10n])
    expect(entries?.get(9n)).toEqual({
      epoch: 2,
      lastTimestamp: BigInt(startMs),
      appendedAtMs: 0,
      coordinatorEpoch: -1,
      transactionStart: -1n,
      sequenceIsLost: false,
      batches: [{ firstSequence: 5, lastSequence: 7, baseOffset: 40n, lastOffset: 42n, timestamp: BigInt(startMs) }],
    })
  })

  test('is not read where a bit or a byte is wrong', () => {
    const bytes = encodeProducerSnapshot(producers(9n))
    for (let length = 0; length < bytes.length; length += 1)
      expect(decodeProducerSnapshot(bytes.subarray(0, length), 0)).toBeNull()
    bytes[20]! ^= 1
    expect(decodeProducerSnapshot(bytes, 0)).toBeNull()
  })

  test("is read where it is Kafka's own, without what Grete adds", () => {
    const own = encodeProducerSnapshot(producers(9n))
    const bytes = Buffer.from(own.subarray(0, 10 + 46))
    bytes.writeUInt32BE(crc32c(bytes.subarray(6)), 2)
    expect(decodeProducerSnapshot(bytes, 77)?.get(9n)).toMatchObject({
      epoch: 2,
      appendedAtMs: 77,
      batches: [{ lastSequence: 7 }],
    })
  })

  test('keeps the five batches of a producer whose retries may come', () => {
    const state = new ProducerState(1000)
    for (let sequence = 0; sequence < 7; sequence += 1) {
      const bytes = testBatchBytes({ ...sequenced(0, sequence), baseOffset: BigInt(sequence) })
      replayBatch(new RecordBatch(bytes), state, false, 5)
    }
    const decoded = decodeProducerSnapshot(encodeProducerSnapshot(state), 77)
    expect(decoded).toEqual(state.entries)
    expect(decoded?.get(7n)?.batches).toHaveLength(5)
  })

  test('of nobody is short', () => {
    expect(encodeProducerSnapshot(null)).toHaveLength(10)
    expect(decodeProducerSnapshot(encodeProducerSnapshot(null), 0)?.size).toBe(0)
  })
})
