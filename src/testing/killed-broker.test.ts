import { expect, test } from '@jest/globals'
import { fetch } from '../../protocol/messages/fetch.ts'
import { findCoordinator } from '../../protocol/messages/find-coordinator.ts'
import { initProducerId } from '../../protocol/messages/init-producer-id.ts'
import { offsetCommit } from '../../protocol/messages/offset-commit.ts'
import { offsetFetch } from '../../protocol/messages/offset-fetch.ts'
import { produce } from '../../protocol/messages/produce.ts'
import { recordsOf } from '../../protocol/records/batch-records.ts'
import { recordBatches } from '../../protocol/records/record-batch.ts'
import { buildRecordBatch } from '../../protocol/records/record-batch-builder.ts'
import { OwnedRecords } from '../../protocol/records/records-slice.ts'
import { seededRandom } from '../environment/random.ts'
import { killableBroker } from './test-killable-broker.ts'

const seed = Number(process.env['TEST_SEED'] ?? 17)
const inFlightMax = 5
const recordsInBatch = 3

const broker = killableBroker('killed-broker-')

/** The n-th batch of the producer, always the same. */
function batchOf(producerId: bigint, n: number): Buffer {
  const records = Array.from({ length: recordsInBatch }, (_, index) => ({
    timestamp: 1n,
    key: null,
    value: `${n * recordsInBatch + index}/${'x'.repeat(8000)}`,
  }))
  return buildRecordBatch(records, { producerId, producerEpoch: 0, baseSequence: n * recordsInBatch })
}

async function send(producerId: bigint, n: number, acks: number): Promise<bigint> {
  const partitionData = [{ index: 0, records: new OwnedRecords(batchOf(producerId, n)) }]
  const body = { transactionalId: null, acks, timeoutMs: 10_000, topicData: [{ name: 'orders', partitionData }] }
  const answer = (await broker.client.request(produce, 9, body)).responses[0]!.partitionResponses[0]!
  expect([n, answer.errorCode]).toEqual([n, 0])
  return answer.baseOffset
}

async function everyValue(): Promise<number[]> {
  const values: number[] = []
  for (;;) {
    const partitions = [{ partition: 0, fetchOffset: BigInt(values.length), partitionMaxBytes: 1 << 20 }]
    const asked = { replicaId: -1, maxWaitMs: 0, minBytes: 0, topics: [{ topic: 'orders', partitions }] }
    const answer = (await broker.client.request(fetch, 12, asked)).responses[0]!.partitions[0]!
    expect(answer.errorCode).toBe(0)
    const bytes = answer.records?.view() ?? Buffer.alloc(0)
    if (bytes.length === 0) return values
    for (const batch of recordBatches(bytes)) {
      for (const { offset, value } of recordsOf(batch, 1 << 20)) {
        expect(offset).toBe(BigInt(values.length))
        values.push(Number.parseInt(String(value), 10))
      }
    }
  }
}

test.each([-1, 1])(
  'what acks=%d acknowledged an idempotent producer outlives kill -9, and the retry of what was under way is there once',
  async (acks) => {
    const random = seededRandom(seed)
    const init = { transactionalId: null, transactionTimeoutMs: 0 }
    const { producerId } = await broker.client.request(initProducerId, 4, init)
    const offsets = new Map<number, bigint>()
    let next = 0
    const acknowledge = async (n: number): Promise<void> => {
      const offset = await send(producerId, n, acks)
      offsets.set(n, offsets.get(n) ?? offset)
      expect([n, offsets.get(n)]).toEqual([n, offset])
    }
    for (let round = 0; round < 4; round++) {
      let left = 1 + (random.bytes(1)[0]! % 40)
      const underWay = new Map<number, Promise<void>>()
      // Kills with `inFlightMax` batches under way, the first of which may have been written, synced or neither.
      while (left > 0) {
        while (underWay.size < inFlightMax) {
          const n = next++
          underWay.set(
            n,
            acknowledge(n).finally(() => underWay.delete(n)),
          )
        }
        await Promise.race(underWay.values())
        left -= 1
      }
      const unanswered = Promise.allSettled(underWay.values())
      await broker.kill()
      await unanswered
      await broker.start()
      const again = Array.from({ length: next }, (_, n) => n).filter((n) => !offsets.has(n))
      expect(again.length).toBeLessThanOrEqual(inFlightMax)
      await Promise.all(again.map(acknowledge))
    }
    expect(await everyValue()).toEqual(Array.from({ length: next * recordsInBatch }, (_, index) => index))
    for (const [n, offset] of offsets) expect(offset).toBe(BigInt(n * recordsInBatch))
  },
)

test('an offset whose commit was acknowledged is there after kill -9', async () => {
  const random = seededRandom(seed)
  const details = { committedLeaderEpoch: -1, committedMetadata: '' }
  let committed = 0n
  for (let round = 0; round < 3; round++) {
    for (;;) {
      const { coordinators } = await broker.client.request(findCoordinator, 4, { keyType: 0, coordinatorKeys: ['g'] })
      const topics = [{ name: 'orders', partitionIndexes: [0] }]
      const found = await broker.client.request(offsetFetch, 8, { groups: [{ groupId: 'g', topics }], requireStable: true })
      const [group] = found.groups
      // Loading.
      if (coordinators[0]!.errorCode !== 0 || group!.errorCode !== 0) continue
      const offset = group!.topics[0]!.partitions[0]!.committedOffset
      // What was under way at the kill may be there.
      if (round > 0) expect([committed, committed + 1n]).toContain(offset)
      break
    }
    const commit = async (offset: bigint): Promise<void> => {
      const partitions = [{ partitionIndex: 0, committedOffset: offset, ...details }]
      const member = { groupId: 'g', generationIdOrMemberEpoch: -1, memberId: '', topics: [{ name: 'orders', partitions }] }
      const { topics } = await broker.client.request(offsetCommit, 8, member)
      expect(topics[0]!.partitions[0]!.errorCode).toBe(0)
      committed = offset
    }
    for (let left = random.bytes(1)[0]! % 30; left > 0; left--) await commit(committed + 1n)
    const last = commit(committed + 1n).catch(() => {})
    await broker.kill()
    await last
    await broker.start()
  }
})
