import { describe, expect, test } from '@jest/globals'
import { RecordBatch } from '../../protocol/records/record-batch.ts'
import { MemoryNamedBytes } from '../storage/memory/memory-named-bytes.ts'
import {
  decodeProducerSnapshot,
  encodeProducerSnapshot,
  restoreProducerSnapshot,
  saveProducerSnapshot,
} from './producer-snapshot.ts'
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
  test('has its layout', () => {
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
    expect(bytes.subarray(6).toString('hex')).toBe(fields.join(''))
  })

  test('keeps the last batch of each producer', () => {
    const entries = decodeProducerSnapshot(encodeProducerSnapshot(producers(9n, 10n)), 77)
    expect([...(entries?.keys() ?? [])]).toEqual([9n, 10n])
    expect(entries?.get(9n)).toEqual({
      epoch: 2,
      lastTimestamp: BigInt(startMs),
      appendedAtMs: 77,
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

  test('one of a tail that was lost or from before the start is removed, a broken one passed over', async () => {
    const files = new MemoryNamedBytes()
    await files.save('00000000000000000004.snapshot', encodeProducerSnapshot(producers(5n)))
    await files.save('00000000000000000010.snapshot', encodeProducerSnapshot(producers(1n)))
    await files.save('00000000000000000020.snapshot', Buffer.from('broken'))
    await files.save('00000000000000000030.snapshot', encodeProducerSnapshot(producers(3n)))
    const restored = new ProducerState(1000)
    await restoreProducerSnapshot(files, restored, { startOffset: 5n, endOffset: 20n }, 0)
    expect([...restored.entries.keys()]).toEqual([1n])
    expect(await files.list()).toEqual(['00000000000000000010.snapshot', '00000000000000000020.snapshot'])
  })

  test('one is left, and none where there are no producers', async () => {
    const files = new MemoryNamedBytes()
    await saveProducerSnapshot(files, producers(1n), 10n)
    await saveProducerSnapshot(files, producers(1n), 12n)
    expect(await files.list()).toEqual(['00000000000000000012.snapshot'])
    await saveProducerSnapshot(files, producers(), 13n)
    expect(await files.list()).toEqual([])
  })
})
