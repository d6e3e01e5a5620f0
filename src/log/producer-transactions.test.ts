import { describe, expect, test } from '@jest/globals'
import { KafkaError } from '../../protocol/errors.ts'
import type { TransactionMarker, VerificationGuard } from './partition-log.ts'
import { ProducerState, type SequencedBatch } from './producer-state.ts'

const expirationMs = 1000
const producerId = 7n

type Guard = VerificationGuard | 'not-required' | null

/** A transactional batch of a client. */
function transactional(producerEpoch: number, baseSequence: number, more: Partial<SequencedBatch> = {}): SequencedBatch {
  return { by: 'client', producerId, producerEpoch, baseSequence, lastOffsetDelta: 0, isTransactional: true, ...more }
}

function idempotent(producerEpoch: number, baseSequence: number): SequencedBatch {
  return transactional(producerEpoch, baseSequence, { isTransactional: false })
}

class Producers {
  readonly state = new ProducerState(expirationMs)
  nowMs = 0
  end = 100n

  /** The base offset of what was appended, or `again OFFSET`, or the error. */
  send(batch: SequencedBatch, guard: Guard = null): string {
    return this.#orError(() => {
      const repeated = this.state.check(batch, guard, this.nowMs)
      if (repeated !== null) return `again ${repeated.baseOffset}`
      const baseOffset = this.end
      this.state.appended(batch, baseOffset, 5n, this.nowMs)
      this.end += BigInt(batch.lastOffsetDelta + 1)
      return `${baseOffset}`
    })
  }

  finish(epoch: number, more: Partial<TransactionMarker> = {}): string {
    const marker = { producerId, producerEpoch: epoch, commit: true, coordinatorEpoch: 0, transactionVersion: 1, ...more }
    return this.#orError(() => {
      this.state.checkMarker(marker, this.nowMs)
      const offset = this.end
      this.state.markerAppended(marker, offset, 6n, this.nowMs)
      this.end += 1n
      return `${offset}`
    })
  }

  verify(epoch: number, baseSequence: number, epochBumps = false): VerificationGuard | null {
    return this.state.beginVerification({ id: producerId, epoch }, baseSequence, epochBumps, this.nowMs)
  }

  begin(epoch: number, baseSequence = 0, epochBumps = false): string {
    return this.send(transactional(epoch, baseSequence), this.verify(epoch, baseSequence, epochBumps))
  }

  get known() {
    return this.state.active()[0]
  }

  #orError(run: () => string): string {
    try {
      return run()
    } catch (error) {
      if (error instanceof KafkaError) return error.code
      throw error
    }
  }
}

const outOfOrder = 'OUT_OF_ORDER_SEQUENCE_NUMBER'
const notInTransaction = 'INVALID_TXN_STATE'
const staleEpoch = 'INVALID_PRODUCER_EPOCH'

describe('a transactional batch', () => {
  test('is refused without an open transaction or a guard', () => {
    const producers = new Producers()
    expect(producers.send(transactional(0, 0))).toBe(notInTransaction)
    expect(producers.send(transactional(0, 0), 'not-required')).toBe('100')
  })

  test('begins a transaction with the guard that the verification gave, and needs none from then on', () => {
    const producers = new Producers()
    expect(producers.begin(0)).toBe('100')
    expect(producers.verify(0, 1)).toBeNull()
    expect(producers.send(transactional(0, 1))).toBe('101')
    expect(producers.known).toMatchObject({ producerEpoch: 0, lastSequence: 1, currentTxnStartOffset: 100n })
  })

  test('that was appended already is told so before its transaction is looked at', () => {
    const producers = new Producers()
    producers.begin(0)
    producers.finish(0)
    expect(producers.send(transactional(0, 0))).toBe('again 100')
  })

  test('of an older epoch hears of that, not of the transaction (KAFKA-19690)', () => {
    const producers = new Producers()
    producers.begin(3)
    expect(producers.send(transactional(2, 1))).toBe(staleEpoch)
    expect(() => producers.verify(2, 1)).toThrow(expect.objectContaining({ code: staleEpoch }))
  })

  test('of a newer epoch needs a guard though a transaction of the older one is open, which goes on', () => {
    const producers = new Producers()
    producers.begin(0)
    expect(producers.send(transactional(1, 0))).toBe(notInTransaction)
    expect(producers.begin(1)).toBe('101')
    expect(producers.known).toMatchObject({ producerEpoch: 1, currentTxnStartOffset: 100n })
  })

  test('is held to the sequence as any other', () => {
    const producers = new Producers()
    producers.begin(0)
    expect(producers.send(transactional(0, 2))).toBe(outOfOrder)
    producers.finish(0)
    expect(producers.begin(0, 3)).toBe(outOfOrder)
    expect(producers.begin(0, 1)).toBe('102')
  })

  test('of a producer without state may have any sequence with version 1, and 0 alone with version 2', () => {
    expect(new Producers().begin(0, 5)).toBe('100')
    expect(new Producers().begin(0, 5, true)).toBe(outOfOrder)
    expect(new Producers().begin(0, 0, true)).toBe('100')
  })

  test('of version 2 begins with sequence 0 after each marker, which raised the epoch', () => {
    const producers = new Producers()
    producers.begin(0, 0, true)
    expect(producers.finish(1, { transactionVersion: 2 })).toBe('101')
    expect(producers.begin(1, 1, true)).toBe(outOfOrder)
    // The entry of the refused one is still pending, and now knows of a lower sequence.
    expect(producers.begin(1, 0, true)).toBe('102')
  })

  test('does not overtake a lower sequence whose verification is pending', () => {
    const producers = new Producers()
    producers.verify(0, 0)
    const guard = producers.verify(0, 3)
    expect(producers.send(transactional(0, 3), guard)).toBe(outOfOrder)
    expect(producers.send(transactional(0, 0), guard)).toBe('100')
  })

  test('of a newer epoch forgets the lowest sequence of the one before', () => {
    const producers = new Producers()
    producers.verify(0, 1)
    const guard = producers.verify(1, 4)
    expect(producers.send(transactional(1, 4), guard)).toBe('100')
  })

  test('is no part of a transaction whose marker came while its coordinator was asked', () => {
    const producers = new Producers()
    const guard = producers.verify(0, 0)
    producers.finish(0)
    expect(producers.send(transactional(0, 0), guard)).toBe(notInTransaction)
    const next = producers.verify(0, 0)
    expect(producers.send(transactional(0, 0), guard)).toBe(notInTransaction)
    expect(producers.send(transactional(0, 0), next)).toBe('101')
  })

  test('of version 2 keeps its guard over the marker of the transaction before', () => {
    const producers = new Producers()
    const guard = producers.verify(1, 0, true)
    producers.finish(1, { transactionVersion: 2 })
    expect(producers.send(transactional(1, 0), guard)).toBe('101')
  })

  test('uses up its guard: once the transaction has ended the guard is worth nothing', () => {
    const producers = new Producers()
    const guard = producers.verify(0, 0)
    producers.send(transactional(0, 0), guard)
    producers.finish(0)
    expect(producers.send(transactional(0, 1), guard)).toBe(notInTransaction)
  })

  test('needs its own guard, not one of another producer', () => {
    const producers = new Producers()
    const guard = producers.state.beginVerification({ id: 8n, epoch: 0 }, 0, false, 0)
    producers.verify(0, 0)
    expect(producers.send(transactional(0, 0), guard)).toBe(notInTransaction)
  })

  test('comes too late when the verification has expired like an idle producer', () => {
    const producers = new Producers()
    const guard = producers.verify(0, 0)
    producers.nowMs = 600_000
    producers.send({ ...idempotent(0, 0), producerId: 8n })
    expect(producers.send(transactional(0, 0), guard)).toBe(notInTransaction)
  })
})

describe('a batch outside of transactions', () => {
  test('is refused while a transaction of its producer is open', () => {
    const producers = new Producers()
    producers.begin(0)
    expect(producers.send(idempotent(0, 1))).toBe(notInTransaction)
    expect(producers.send(idempotent(0, 2))).toBe(outOfOrder)
    producers.finish(0)
    expect(producers.send(idempotent(0, 1))).toBe('102')
  })

  test('does not overtake what waits for its coordinator either', () => {
    const producers = new Producers()
    producers.verify(0, 0)
    expect(producers.send(idempotent(0, 1))).toBe(outOfOrder)
    expect(producers.send(idempotent(0, 0))).toBe('100')
  })
})

describe("a coordinator's transactional batch", () => {
  const committed = (epoch: number) => transactional(epoch, -1, { by: 'coordinator' })

  test('opens a transaction like any other, without sequences', () => {
    const producers = new Producers()
    expect(producers.send(committed(0))).toBe(notInTransaction)
    expect(producers.send(committed(0), producers.verify(0, -1, true))).toBe('100')
    expect(producers.send(committed(0))).toBe('101')
    expect(producers.known).toMatchObject({ lastSequence: -1, currentTxnStartOffset: 100n })
    expect(producers.send(committed(-1))).toBe(staleEpoch)
  })
})

describe('a marker', () => {
  test('ends the transaction and keeps the batches of its epoch', () => {
    const producers = new Producers()
    producers.begin(0)
    expect(producers.finish(0, { coordinatorEpoch: 4 })).toBe('101')
    expect(producers.known).toEqual({
      producerId,
      producerEpoch: 0,
      lastSequence: 0,
      lastTimestamp: 6n,
      coordinatorEpoch: 4,
      currentTxnStartOffset: -1n,
    })
  })

  test('that raises the epoch clears the batches', () => {
    const producers = new Producers()
    producers.begin(0)
    producers.finish(1)
    expect(producers.known).toMatchObject({ producerEpoch: 1, lastSequence: -1 })
    expect(producers.send(transactional(0, 0))).toBe(staleEpoch)
  })

  test('is written where no transaction is open, and of a producer that nobody knows', () => {
    const producers = new Producers()
    expect(producers.finish(2)).toBe('100')
    expect(producers.finish(2)).toBe('101')
    expect(producers.known).toMatchObject({ producerEpoch: 2, lastSequence: -1 })
  })

  test('needs an epoch that is not below the last one with version 1', () => {
    const producers = new Producers()
    producers.begin(3)
    expect(producers.finish(2)).toBe(staleEpoch)
    expect(producers.finish(3)).toBe('101')
  })

  test('needs a higher epoch with version 2', () => {
    const producers = new Producers()
    producers.begin(3, 0, true)
    expect(producers.finish(2, { transactionVersion: 2 })).toBe(staleEpoch)
    expect(producers.finish(3, { transactionVersion: 2 })).toBe(staleEpoch)
    expect(producers.finish(4, { transactionVersion: 2 })).toBe('101')
  })

  test('of version 2 that comes again, with no transaction left, is written again (KAFKA-19999)', () => {
    const producers = new Producers()
    producers.begin(3, 0, true)
    producers.finish(4, { transactionVersion: 2 })
    expect(producers.finish(4, { transactionVersion: 2 })).toBe('102')
  })

  test('of version 2 at the largest epoch ends a transaction of that epoch', () => {
    const producers = new Producers()
    producers.begin(0x7fff, 0, true)
    expect(producers.finish(0x7fff, { transactionVersion: 2 })).toBe('101')
  })

  test('of an older coordinator is fenced, after its epoch was looked at', () => {
    const producers = new Producers()
    producers.begin(1)
    producers.finish(1, { coordinatorEpoch: 5 })
    expect(producers.finish(1, { coordinatorEpoch: 4 })).toBe('TRANSACTION_COORDINATOR_FENCED')
    expect(producers.finish(0, { coordinatorEpoch: 4 })).toBe(staleEpoch)
    expect(producers.finish(1, { coordinatorEpoch: 5 })).toBe('102')
  })
})

describe('a producer with an open transaction', () => {
  test('is never forgotten', () => {
    const producers = new Producers()
    producers.begin(0)
    producers.nowMs = 10 * 600_000
    producers.send({ ...idempotent(0, 0), producerId: 8n })
    expect(producers.send(transactional(0, 1))).toBe('102')
    producers.finish(0)
    producers.nowMs += expirationMs
    expect(producers.begin(0, 9)).toBe('104')
  })
})
