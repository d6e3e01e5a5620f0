import { type ErrorName, errorName } from '../../../protocol/errors.ts'
import { addOffsetsToTxn } from '../../../protocol/messages/add-offsets-to-txn.ts'
import { addPartitionsToTxn } from '../../../protocol/messages/add-partitions-to-txn.ts'
import { describeTransactions } from '../../../protocol/messages/describe-transactions.ts'
import { endTxn } from '../../../protocol/messages/end-txn.ts'
import { fetch } from '../../../protocol/messages/fetch.ts'
import { findCoordinator } from '../../../protocol/messages/find-coordinator.ts'
import { initProducerId } from '../../../protocol/messages/init-producer-id.ts'
import { produce } from '../../../protocol/messages/produce.ts'
import { txnOffsetCommit } from '../../../protocol/messages/txn-offset-commit.ts'
import { recordsOf } from '../../../protocol/records/batch-records.ts'
import { recordBatches } from '../../../protocol/records/record-batch.ts'
import { ZERO_UUID } from '../../../protocol/schema/field.ts'
import { testBatch } from '../records/test-batch.ts'
import type { TestBroker } from '../test-broker.ts'

type Ask = TestBroker['ask']

const nameOf = (code: number): ErrorName => errorName(code) ?? 'UNKNOWN_SERVER_ERROR'

/** A transactional producer of one of the two protocols, which tells every error. */
export class TestProducer {
  readonly transactionalId: string
  readonly #ask: Ask
  readonly #version: 1 | 2
  readonly #sequences = new Map<string, number>()
  id = -1n
  epoch = -1

  constructor(ask: Ask, transactionalId: string, version: 1 | 2) {
    this.#ask = ask
    this.transactionalId = transactionalId
    this.#version = version
  }

  /** Begins a life: the transaction of the one before is aborted. */
  async init(more: { transactionTimeoutMs?: number } = {}): Promise<ErrorName> {
    const { transactionalId } = this
    await this.#ask(findCoordinator, 4, { keyType: 1, coordinatorKeys: [transactionalId] })
    const answer = await this.#untilFree(() =>
      this.#ask(initProducerId, 4, { transactionalId, transactionTimeoutMs: 60_000, ...more }),
    )
    if (answer.errorCode === 0) this.#goOn(answer)
    return nameOf(answer.errorCode)
  }

  async add(topic: string, ...partitions: number[]): Promise<readonly ErrorName[]> {
    const answer = await this.#untilFree(async () => {
      const { resultsByTopicV3AndBelow = [] } = await this.#ask(addPartitionsToTxn, 3, {
        v3AndBelowTransactionalId: this.transactionalId,
        v3AndBelowProducerId: this.id,
        v3AndBelowProducerEpoch: this.epoch,
        v3AndBelowTopics: [{ name: topic, partitions }],
      })
      const codes = resultsByTopicV3AndBelow.flatMap((of) => of.resultsByPartition.map((result) => result.partitionErrorCode))
      return { errorCode: codes[0] ?? -1, codes }
    })
    return answer.codes.map(nameOf)
  }

  /** One batch, which takes the next sequences of the partition if it is written. */
  async send(topic: string, partition: number, values: readonly string[], version = this.#version === 1 ? 9 : 12) {
    const name = `${topic}-${partition}`
    const baseSequence = this.#sequences.get(name) ?? 0
    const { id: producerId, epoch: producerEpoch, transactionalId } = this
    const answer = await this.#untilFree(async () => {
      const records = testBatch(
        values.map((value) => ({ value })),
        { isTransactional: true, producerId, producerEpoch, baseSequence },
      )
      const { responses } = await this.#ask(produce, version, {
        transactionalId,
        acks: -1,
        timeoutMs: 30_000,
        topicData: [{ name: topic, partitionData: [{ index: partition, records }] }],
      })
      return responses[0]!.partitionResponses[0]!
    })
    if (answer.errorCode === 0) this.#sequences.set(name, baseSequence + values.length)
    return nameOf(answer.errorCode)
  }

  async addOffsets(groupId: string): Promise<ErrorName> {
    const { transactionalId, id: producerId, epoch: producerEpoch } = this
    const asked = { transactionalId, producerId, producerEpoch, groupId }
    return nameOf((await this.#untilFree(() => this.#ask(addOffsetsToTxn, 3, asked))).errorCode)
  }

  async commitOffset(groupId: string, topic: string, committedOffset: bigint, version = this.#version === 1 ? 3 : 5) {
    const { transactionalId, id: producerId, epoch: producerEpoch } = this
    const { topics } = await this.#ask(txnOffsetCommit, version, {
      transactionalId,
      groupId,
      producerId,
      producerEpoch,
      generationIdOrMemberEpoch: -1,
      memberId: '',
      groupInstanceId: null,
      topics: [{ name: topic, topicId: ZERO_UUID, partitions: [{ partitionIndex: 0, committedOffset }] }],
    })
    return nameOf(topics[0]!.partitions[0]!.errorCode)
  }

  async end(committed: boolean, version = this.#version === 1 ? 4 : 5): Promise<ErrorName> {
    const { transactionalId, id: producerId, epoch: producerEpoch } = this
    const answer = await this.#ask(endTxn, version, { transactionalId, producerId, producerEpoch, committed })
    if (answer.errorCode === 0 && version >= 5) this.#goOn(answer)
    return nameOf(answer.errorCode)
  }

  /** Settled when all markers of its transaction are written. */
  async ended(): Promise<string> {
    for (;;) {
      const state = await this.state()
      if (!state.startsWith('Prepare') && state !== 'COORDINATOR_LOAD_IN_PROGRESS') return state
    }
  }

  async state(): Promise<string> {
    const { transactionStates } = await this.#ask(describeTransactions, 0, { transactionalIds: [this.transactionalId] })
    const [described] = transactionStates
    return described!.errorCode === 0 ? described!.transactionState : nameOf(described!.errorCode)
  }

  #goOn({ producerId, producerEpoch }: { readonly producerId?: bigint; readonly producerEpoch?: number }): void {
    if (this.id !== producerId || this.epoch !== producerEpoch) this.#sequences.clear()
    this.id = producerId!
    this.epoch = producerEpoch!
  }

  /** As clients do while the markers of the transaction before are being written. */
  async #untilFree<Answer extends { readonly errorCode: number }>(ask: () => Promise<Answer>): Promise<Answer> {
    for (;;) {
      const answer = await ask()
      if (nameOf(answer.errorCode) !== 'CONCURRENT_TRANSACTIONS') return answer
    }
  }
}

export interface Read {
  readonly values: readonly string[]
  readonly lastStableOffset: bigint
  readonly highWatermark: bigint
}

/** What a consumer sees of a partition that it reads from its start. */
export async function read(
  ask: Ask,
  topic: string,
  isolation: 'read_committed' | 'read_uncommitted',
  partition = 0,
): Promise<Read> {
  const { responses } = await ask(fetch, 11, {
    maxWaitMs: 0,
    minBytes: 0,
    isolationLevel: isolation === 'read_committed' ? 1 : 0,
    sessionId: 0,
    topics: [{ topic, partitions: [{ partition, fetchOffset: 0n, partitionMaxBytes: 1 << 20 }] }],
    forgottenTopicsData: [],
    rackId: '',
  })
  const { records, abortedTransactions, highWatermark, lastStableOffset = -1n } = responses[0]!.partitions[0]!
  const aborted = [...(abortedTransactions ?? [])]
  const open = new Set<bigint>()
  const values: string[] = []
  for (const batch of records === null ? [] : recordBatches(records.view())) {
    for (const { producerId, firstOffset } of aborted) if (firstOffset === batch.baseOffset) open.add(producerId)
    if (batch.isControl) open.delete(batch.producerId)
    else if (!open.has(batch.producerId)) {
      for (const { value } of recordsOf(batch, 1 << 20)) values.push(value?.toString() ?? '')
    }
  }
  return { values, lastStableOffset, highWatermark }
}
