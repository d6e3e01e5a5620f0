import { type ErrorName, errorCode, KafkaError } from '../../../protocol/errors.ts'
import type { Cluster, ClusterNode } from '../../cluster/cluster.ts'
import type { ProducerIdSource } from '../../cluster/producer-ids.ts'
import { TRANSACTION_STATE_TOPIC } from '../../cluster/topic-names.ts'
import type { Environment } from '../../environment/environment.ts'
import { notDescribed } from '../transaction/describe-transaction.ts'
import { TransactionMachine } from '../transaction/transaction-machine.ts'
import type {
  ListTransactionsRequest,
  ListTransactionsResponse,
  TransactionEffect,
  TransactionRequest,
  TransactionResult,
} from '../transaction/transaction-request.ts'
import type { TransactionImage, TransactionSettings } from '../transaction/transaction-settings.ts'
import type { Coordinator, CoordinatorCaller, ResponseTo } from './coordinator.ts'
import type { PartitionFacts } from './coordinator-partition.ts'
import { SharedTurns } from './shared-turns.ts'
import { TopicCoordinator } from './topic-coordinator.ts'
import type { TransactionMarkers } from './transaction-markers.ts'

type ListedTransactions = ListTransactionsResponse['transactionStates']

export interface TransactionCoordinatorOptions {
  readonly cluster: Pick<Cluster, 'image' | 'onChange'>
  readonly node: Pick<ClusterNode, 'leaderLog'>
  readonly markers: Pick<TransactionMarkers, 'appendToAll'>
  readonly producerIds: ProducerIdSource
  readonly environment: Environment
  readonly settings: TransactionSettings
  /** How many requests each partition of `__transaction_state` may have open. */
  readonly openRequestsMax: number
}

/** The coordinator of the transactional ids of a node. It always answers: a refusal is a response of the API that was asked. */
export class TransactionCoordinator implements Coordinator<TransactionRequest> {
  readonly #options: TransactionCoordinatorOptions
  readonly #turns: SharedTurns
  readonly #topic: TopicCoordinator<
    TransactionRequest,
    TransactionImage,
    TransactionMachine,
    TransactionEffect,
    TransactionResult
  >
  /** By transactional id: the ends that are being written. */
  readonly #ending = new Map<string, Promise<void>>()

  constructor(options: TransactionCoordinatorOptions) {
    this.#options = options
    this.#turns = new SharedTurns(options.environment.time)
    const { cluster, node, environment, settings, openRequestsMax } = options
    this.#topic = new TopicCoordinator({
      topic: TRANSACTION_STATE_TOPIC,
      cluster,
      node,
      environment,
      newMachine: () => new TransactionMachine(settings),
      image: {
        get transactionVersion() {
          return cluster.image.features.get('transaction.version') ?? 0
        },
      },
      run: (effect, facts) => this.#run(effect, facts),
      openRequestsMax,
      batchBytesMax: settings.batchBytesMax,
    })
  }

  async request<R extends TransactionRequest>(
    transactionalId: string,
    request: R,
    caller: CoordinatorCaller,
  ): Promise<ResponseTo<TransactionRequest, R>> {
    // As in Kafka, before anybody is looked for who coordinates it.
    if (transactionalId === '') return refuse(request, 'INVALID_REQUEST') as ResponseTo<TransactionRequest, R>
    try {
      return (await this.#topic.request(transactionalId, request, caller)) as ResponseTo<TransactionRequest, R>
    } catch (error) {
      if (error instanceof KafkaError) return refuse(request, error.code) as ResponseTo<TransactionRequest, R>
      throw error
    }
  }

  /** Of all partitions that this node leads; as in Kafka, a partition that is being loaded refuses the whole. */
  async list(request: ListTransactionsRequest, caller: CoordinatorCaller): Promise<ListTransactionsResponse> {
    const asked = { api: 'ListTransactions', request } as const
    let responses: readonly ListTransactionsResponse[]
    try {
      responses = (await this.#topic.requestAll(asked, caller)) as readonly ListTransactionsResponse[]
    } catch (error) {
      if (error instanceof KafkaError) return refuse(asked, error.code) as ListTransactionsResponse
      throw error
    }
    const found = responses.flatMap(({ transactionStates }) => transactionStates)
    const transactionStates = await this.#matching(request.transactionalIdPattern ?? '', found)
    if (transactionStates === null) return refuse(asked, 'INVALID_REGULAR_EXPRESSION') as ListTransactionsResponse
    return { errorCode: 0, unknownStateFilters: responses[0]?.unknownStateFilters ?? [], transactionStates }
  }

  /** Those whose id matches; others have their turn in between. Null: no pattern that can be matched. */
  async #matching(pattern: string, found: ListedTransactions): Promise<ListedTransactions | null> {
    if (pattern === '') return found
    const { TransactionalIdPattern } = await import('../transaction/transactional-id-pattern.ts')
    const matching = TransactionalIdPattern.compile(pattern)?.filter(found)
    return matching === undefined ? null : this.#turns.done(matching)
  }

  /** Settled when the end of the transaction that is under way is written, and the next one may begin; undefined: none is. */
  whenEnded(transactionalId: string): Promise<void> | undefined {
    return this.#ending.get(transactionalId)
  }

  stop(): void {
    this.#topic.stop()
  }

  #run(effect: TransactionEffect, facts: PartitionFacts): Promise<TransactionResult> {
    if (effect.kind === 'producer-id') return this.#nextProducerId()
    const written = this.#writeMarkers(effect, facts)
    this.#endsWith(effect.transactionalId, written)
    return written
  }

  #endsWith(transactionalId: string, written: Promise<TransactionResult>): void {
    const { time } = this.#options.environment
    // At the end of the turn the machine has been told, too.
    const over = () => new Promise<void>((resolve) => time.endOfTurn(resolve))
    const ended = written.then(over, over)
    this.#ending.set(transactionalId, ended)
    void ended.then(() => {
      if (this.#ending.get(transactionalId) === ended) this.#ending.delete(transactionalId)
    })
  }

  async #nextProducerId(): Promise<TransactionResult> {
    try {
      return { kind: 'producer-id', producerId: await this.#options.producerIds.next() }
    } catch (error) {
      if (error instanceof KafkaError) return { kind: 'refused', error: error.code }
      this.#options.environment.logger.error({ err: error }, 'There is no producer id for a transactional id.')
      return { kind: 'refused', error: 'COORDINATOR_NOT_AVAILABLE' }
    }
  }

  async #writeMarkers(
    { producer, commit, transactionVersion, partitions }: Extract<TransactionEffect, { kind: 'markers' }>,
    { leaderEpoch, signal }: PartitionFacts,
  ): Promise<TransactionResult> {
    const marker = {
      producerId: producer.id,
      producerEpoch: producer.epoch,
      commit,
      coordinatorEpoch: leaderEpoch,
      transactionVersion,
    }
    const error = await this.#options.markers.appendToAll(partitions, marker, signal)
    return error === null ? { kind: 'markers-written' } : { kind: 'refused', error }
  }
}

function refuse(asked: TransactionRequest, error: ErrorName): object {
  const refusal = { errorCode: errorCode(error) }
  switch (asked.api) {
    case 'InitProducerId':
    case 'EndTxn':
      return { ...refusal, producerId: -1n, producerEpoch: -1 }
    case 'AddPartitions':
      return { ...refusal, missing: [] }
    case 'DescribeTransaction':
      return notDescribed(asked.transactionalId, error)
    case 'ListTransactions':
      return { ...refusal, unknownStateFilters: [], transactionStates: [] }
  }
}
