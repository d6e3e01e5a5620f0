import { describe, expect, test } from '@jest/globals'
import { KafkaError } from '../../protocol/errors.ts'
import { buildEndTransactionMarker } from '../../protocol/records/control-record.ts'
import { RecordBatch } from '../../protocol/records/record-batch.ts'
import { ProducerState, type SequencedBatch } from './producer-state.ts'
import { replayBatch } from './replay-batch.ts'
import { sequenced, testBatchBytes } from './test-log.ts'

const sequenceMax = 0x7fffffff
const expirationMs = 1000

function batch(producerEpoch: number, baseSequence: number, count = 1, by: SequencedBatch['by'] = 'client'): SequencedBatch {
  return { by, producerId: 7n, producerEpoch, baseSequence, lastOffsetDelta: count - 1, isTransactional: false }
}

class Producers {
  readonly state = new ProducerState(expirationMs)
  nowMs = 0
  #end = 100n

  /** The base offset of what was appended, or `again OFFSET`, or the error. */
  send(sent: SequencedBatch): string {
    try {
      const repeated = this.state.check(sent, null, this.nowMs)
      if (repeated !== null) return `again ${repeated.baseOffset}`
    } catch (error) {
      if (error instanceof KafkaError) return error.code
      throw error
    }
    const baseOffset = this.#end
    this.state.appended(sent, baseOffset, 5n, this.nowMs)
    this.#end += BigInt(sent.lastOffsetDelta + 1)
    return `${baseOffset}`
  }
}

const outOfOrder = 'OUT_OF_ORDER_SEQUENCE_NUMBER'

describe('an idempotent producer', () => {
  test('of whom nothing is known begins with any sequence (KIP-360)', () => {
    expect(new Producers().send(batch(3, 17))).toBe('100')
  })

  test('goes on with the next sequence, and no other', () => {
    const producers = new Producers()
    expect(producers.send(batch(0, 0, 3))).toBe('100')
    expect(producers.send(batch(0, 4))).toBe(outOfOrder)
    expect(producers.send(batch(0, 2))).toBe(outOfOrder)
    expect(producers.send(batch(0, 3))).toBe('103')
  })

  test('repeats one of the last five batches and is told its offset', () => {
    const producers = new Producers()
    for (let sequence = 0; sequence < 6; sequence += 1) producers.send(batch(0, sequence))
    expect(producers.send(batch(0, 1))).toBe('again 101')
    expect(producers.send(batch(0, 5))).toBe('again 105')
    expect(producers.send(batch(0, 0))).toBe(outOfOrder)
    expect(producers.send(batch(0, 6))).toBe('106')
  })

  test('does not repeat a batch by sending a part of it', () => {
    const producers = new Producers()
    producers.send(batch(0, 0, 4))
    expect(producers.send(batch(0, 0, 3))).toBe(outOfOrder)
    expect(producers.send(batch(0, 1, 3))).toBe(outOfOrder)
  })

  test('wraps from the int32 maximum to 0', () => {
    const producers = new Producers()
    producers.send(batch(0, sequenceMax))
    expect(producers.send(batch(0, 0))).toBe('101')
  })

  test('may wrap within a batch, whose repetition is known', () => {
    const producers = new Producers()
    expect(producers.send(batch(0, sequenceMax - 1, 4))).toBe('100')
    expect(producers.send(batch(0, sequenceMax - 1, 4))).toBe('again 100')
    expect(producers.send(batch(0, 2))).toBe('104')
  })

  test('begins a new epoch with sequence 0, after which the old epoch is fenced', () => {
    const producers = new Producers()
    producers.send(batch(0, 0))
    expect(producers.send(batch(1, 1))).toBe(outOfOrder)
    expect(producers.send(batch(1, 0))).toBe('101')
    expect(producers.send(batch(0, 1))).toBe('INVALID_PRODUCER_EPOCH')
    expect(producers.send(batch(0, 0))).toBe('INVALID_PRODUCER_EPOCH')
    expect(producers.send(batch(1, 0))).toBe('again 101')
  })

  test('is not known by another producer id', () => {
    const producers = new Producers()
    producers.send(batch(0, 0))
    expect(producers.send({ ...batch(0, 5), producerId: 8n })).toBe('101')
  })
})

describe('a coordinator', () => {
  test('writes without sequences, but not under an older epoch', () => {
    const producers = new Producers()
    expect(producers.send(batch(2, -1, 1, 'coordinator'))).toBe('100')
    expect(producers.send(batch(2, -1, 1, 'coordinator'))).toBe('101')
    expect(producers.send(batch(1, -1, 1, 'coordinator'))).toBe('INVALID_PRODUCER_EPOCH')
  })
})

describe('an idle producer', () => {
  test('is forgotten by the time of its last append, not by that of its records', () => {
    const producers = new Producers()
    producers.send(batch(0, 0))
    producers.nowMs += expirationMs - 1
    expect(producers.send(batch(0, 9))).toBe(outOfOrder)
    producers.nowMs += 1
    expect(producers.send(batch(0, 9))).toBe('101')
  })

  test('takes no memory for ever', () => {
    const producers = new Producers()
    for (let id = 0n; id < 100n; id += 1n) producers.send({ ...batch(0, 0), producerId: id })
    producers.nowMs += 600_000
    producers.send({ ...batch(0, 0), producerId: 100n })
    expect([...producers.state.entries.keys()]).toEqual([100n])
  })
})

describe('replayed from the log', () => {
  test('the last five batches are known again', () => {
    const producers = new Producers()
    for (let sequence = 0; sequence < 6; sequence += 1) {
      const bytes = testBatchBytes({ ...sequenced(2, sequence), baseOffset: BigInt(10 + sequence) })
      replayBatch(new RecordBatch(bytes), producers.state, false, 0)
    }
    expect(producers.send(batch(2, 1))).toBe('again 11')
    expect(producers.send(batch(2, 0))).toBe(outOfOrder)
    expect(producers.send(batch(1, 0))).toBe('INVALID_PRODUCER_EPOCH')
  })

  test('the end of a transaction raises the epoch', () => {
    const producers = new Producers()
    replayBatch(new RecordBatch(testBatchBytes(sequenced(2, 5))), producers.state, false, 0)
    const marker = buildEndTransactionMarker({
      producerId: 7n,
      producerEpoch: 3,
      commit: true,
      coordinatorEpoch: 0,
      timestamp: 0n,
    })
    replayBatch(new RecordBatch(marker), producers.state, false, 0)
    expect(producers.send(batch(2, 6))).toBe('INVALID_PRODUCER_EPOCH')
    expect(producers.send(batch(3, 6))).toBe(outOfOrder)
    expect(producers.send(batch(3, 0))).toBe('100')
  })
})
