import { describe, expect, test } from '@jest/globals'
import { errorName, KafkaError } from '../../../protocol/errors.ts'
import type { Cluster, ClusterNode } from '../../cluster/cluster.ts'
import type { MetadataDelta } from '../../cluster/metadata-delta.ts'
import { Buffers } from '../../environment/buffers.ts'
import { seededRandom } from '../../environment/random.ts'
import { SystemFiles } from '../../environment/system-files.ts'
import type { PartitionLog, TransactionMarker } from '../../log/partition-log.ts'
import type { PreparedBatch } from '../../log/prepared-batch.ts'
import { TestLog, testRecords } from '../../log/test-log.ts'
import { testSettings } from '../transaction/test-transactions.ts'
import type { CoordinatorCaller } from './coordinator.ts'
import { TransactionCoordinator } from './transaction-coordinator.ts'
import { TransactionMarkers } from './transaction-markers.ts'

const caller: CoordinatorCaller = {
  version: 5,
  clientId: 'client',
  clientHost: '127.0.0.1',
  principal: 'User:ANONYMOUS',
  connection: { id: 1, onClose: () => () => {} },
}

/** A coordinator on one partition of `__transaction_state`, and the topic of its transactions; the test commands both logs. */
class TestCoordinator {
  readonly state: TestLog
  readonly orders: TestLog
  readonly transactions: TransactionCoordinator
  readonly markers: TransactionMarkers
  /** Those that groups were given. */
  readonly groupMarkers: { readonly partition: number; readonly marker: TransactionMarker }[] = []
  groupsRefuse: KafkaError | null = null
  readonly topics = new Map<string, { readonly partitions: readonly object[] }>()
  readonly producerIds = { next: async (): Promise<bigint> => 1000n }
  readonly #listeners = new Set<(image: Cluster['image'], delta: MetadataDelta) => unknown>()

  private constructor(state: TestLog, orders: TestLog) {
    this.state = state
    this.orders = orders
    const one = { isr: [1], replicas: [1] }
    for (const name of ['__transaction_state', 'orders', '__consumer_offsets']) this.topics.set(name, { partitions: [one] })
    const environment = {
      time: state.clock,
      real: state.clock,
      random: seededRandom(1),
      logger: state.logger,
      files: new SystemFiles(),
      buffers: new Buffers(),
    }
    const cluster = {
      image: { topicsByName: this.topics, features: new Map([['transaction.version', 2]]) } as unknown as Cluster['image'],
      onChange: (run: (image: Cluster['image'], delta: MetadataDelta) => unknown) => {
        this.#listeners.add(run)
        return () => this.#listeners.delete(run)
      },
    }
    const node: Pick<ClusterNode, 'leaderLog' | 'config'> = {
      config: {} as ClusterNode['config'],
      leaderLog: (topic) => this.#logOf('name' in topic ? topic.name : ''),
    }
    const groups = {
      appendMarker: async (partition: number, marker: TransactionMarker) => {
        if (this.groupsRefuse !== null) throw this.groupsRefuse
        this.groupMarkers.push({ partition, marker })
      },
    }
    this.markers = new TransactionMarkers({ cluster, node, groups, environment })
    this.transactions = new TransactionCoordinator({
      cluster,
      node,
      markers: this.markers,
      producerIds: this.producerIds,
      environment,
      settings: testSettings,
      openRequestsMax: 100,
    })
  }

  static async start(before?: TestCoordinator): Promise<TestCoordinator> {
    const coordinator = new TestCoordinator(before?.state ?? (await TestLog.open()), before?.orders ?? (await TestLog.open()))
    await coordinator.settle()
    return coordinator
  }

  /** As a process that is killed and started anew; its logs have what they were given. */
  async restarted(): Promise<TestCoordinator> {
    this.stop()
    await this.state.restartUncleanly()
    await this.orders.restartUncleanly()
    return TestCoordinator.start(this)
  }

  stop(): void {
    this.transactions.stop()
    this.markers.stop()
  }

  #logOf(topic: string): PartitionLog {
    if (!this.topics.has(topic)) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION')
    return topic === 'orders' ? this.orders.log : this.state.log
  }

  /** The image has changed. */
  changed(): void {
    for (const run of this.#listeners) void run({} as Cluster['image'], { topicsRemoved: [] } as unknown as MetadataDelta)
  }

  async settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn += 1) {
      await this.state.endOfTurn()
      await this.orders.endOfTurn()
    }
  }

  /** All that was appended is durable, and what that sets off, until nothing happens any more. */
  async persist(): Promise<void> {
    for (let round = 0; round < 3; round += 1) {
      this.state.persist()
      this.orders.persist()
      await this.settle()
    }
  }

  async init() {
    const request = {
      transactionalId: 't',
      transactionTimeoutMs: 60_000,
      producerId: -1n,
      producerEpoch: -1,
      enable2Pc: false,
      keepPreparedTxn: false,
    }
    return this.transactions.request('t', { api: 'InitProducerId', request }, { ...caller, version: 5 })
  }

  add(topic = 'orders', producerEpoch = 0) {
    const producer = { id: 1000n, epoch: producerEpoch }
    const partitions = [{ topic, partition: 0 }]
    const request = { transactionalId: 't', producer, partitions, verifyOnly: false, transactionVersion: 2 } as const
    return this.transactions.request('t', { api: 'AddPartitions', request }, caller)
  }

  async end(committed: boolean, producerEpoch = 0) {
    const request = { transactionalId: 't', producerId: 1000n, producerEpoch, committed }
    return errorName((await this.transactions.request('t', { api: 'EndTxn', request }, caller)).errorCode)
  }

  async status(): Promise<string | undefined> {
    await this.persist()
    const asked = this.transactions.request('t', { api: 'DescribeTransaction', transactionalId: 't' }, caller)
    await this.persist()
    const { errorCode, transactionState } = await asked
    return errorCode === 0 ? transactionState : errorName(errorCode)
  }

  /** A record of the transaction's in the topic. */
  write(): void {
    const { log } = this.orders
    const producer = { id: 1000n, epoch: 0 }
    const guard = log.beginVerification(producer, 0, true)
    const records = testRecords({ producerId: 1000n, producerEpoch: 0, baseSequence: 0, isTransactional: true })
    log.append(log.prepare(records, { by: 'client' }) as PreparedBatch, guard)
    this.orders.persist()
  }

  /** An open transaction with one record in the topic. */
  static async withTransaction(): Promise<TestCoordinator> {
    const coordinator = await TestCoordinator.start()
    const init = coordinator.init()
    await coordinator.persist()
    expect(await init).toMatchObject({ errorCode: 0, producerId: 1000n, producerEpoch: 0 })
    const add = coordinator.add()
    await coordinator.persist()
    expect(await add).toEqual({ errorCode: 0, missing: [] })
    coordinator.write()
    expect(coordinator.orders.log.lastStableOffset).toBe(0n)
    return coordinator
  }
}

describe('the end of a transaction', () => {
  test('is answered when it is prepared, and complete when every partition has its marker', async () => {
    const coordinator = await TestCoordinator.withTransaction()
    const end = coordinator.end(true)
    await coordinator.settle()
    expect(coordinator.orders.log.logEndOffset).toBe(1n)
    coordinator.state.persist()
    await coordinator.settle()
    expect(await end).toBe('NONE')
    // The marker is there, and not durable yet.
    expect([coordinator.orders.log.logEndOffset, coordinator.orders.log.lastStableOffset]).toEqual([2n, 0n])
    expect(await coordinator.status()).toBe('CompleteCommit')
    expect(coordinator.orders.log.lastStableOffset).toBe(2n)
  })

  test('that was not durable when the log failed has not happened: the transaction is open, and can be ended', async () => {
    const coordinator = await TestCoordinator.withTransaction()
    const end = coordinator.end(true)
    coordinator.state.partition.failWrite()
    await coordinator.settle()
    expect(await end).toBe('NOT_COORDINATOR')
    expect(coordinator.orders.log.logEndOffset).toBe(1n)
    coordinator.state.log.becomeLeader(1)
    await coordinator.settle()
    expect(await coordinator.status()).toBe('Ongoing')
    const abort = coordinator.end(false)
    await coordinator.persist()
    expect([await abort, await coordinator.status()]).toEqual(['NONE', 'CompleteAbort'])
  })

  test('goes on after a kill between its preparation and its markers', async () => {
    const coordinator = await TestCoordinator.withTransaction()
    void coordinator.end(true)
    expect(coordinator.orders.log.logEndOffset).toBe(1n)
    const next = await coordinator.restarted()
    await next.persist()
    expect(await next.status()).toBe('CompleteCommit')
    expect(next.orders.log.lastStableOffset).toBe(2n)
  })

  test('goes on after a kill between its markers and its completion: a marker more does no harm', async () => {
    const coordinator = await TestCoordinator.withTransaction()
    const end = coordinator.end(true)
    coordinator.state.persist()
    await coordinator.settle()
    expect(await end).toBe('NONE')
    expect(coordinator.orders.log.logEndOffset).toBe(2n)
    const next = await coordinator.restarted()
    await next.persist()
    expect(await next.status()).toBe('CompleteCommit')
    expect([next.orders.log.logEndOffset, next.orders.log.lastStableOffset]).toEqual([3n, 3n])
  })

  test('waits for a partition whose log failed until that has a new leader epoch', async () => {
    const coordinator = await TestCoordinator.withTransaction()
    coordinator.orders.partition.failWrite()
    await coordinator.settle()
    const end = coordinator.end(true)
    await coordinator.persist()
    expect([await end, await coordinator.status()]).toEqual(['NONE', 'PrepareCommit'])
    coordinator.orders.log.becomeLeader(1)
    coordinator.changed()
    expect(await coordinator.status()).toBe('CompleteCommit')
    expect(coordinator.orders.log.lastStableOffset).toBe(2n)
  })

  test('is tried again by the clock where nothing tells that a partition can be written to', async () => {
    const coordinator = await TestCoordinator.withTransaction()
    coordinator.groupsRefuse = new KafkaError('COORDINATOR_LOAD_IN_PROGRESS')
    const add = coordinator.add('__consumer_offsets')
    await coordinator.persist()
    expect((await add).errorCode).toBe(0)
    const end = coordinator.end(false)
    await coordinator.persist()
    expect([await end, await coordinator.status()]).toEqual(['NONE', 'PrepareAbort'])
    await coordinator.state.clock.advance(10_000)
    expect(await coordinator.status()).toBe('PrepareAbort')
    expect(coordinator.state.logger.messages('warn')).toHaveLength(1)
    coordinator.groupsRefuse = null
    await coordinator.state.clock.advance(2000)
    expect(await coordinator.status()).toBe('CompleteAbort')
    const marker = { producerId: 1000n, producerEpoch: 1, commit: false, coordinatorEpoch: 0, transactionVersion: 2 }
    expect(coordinator.groupMarkers).toEqual([{ partition: 0, marker }])
  })

  test('leaves out a partition that is deleted meanwhile', async () => {
    const coordinator = await TestCoordinator.withTransaction()
    coordinator.orders.partition.failWrite()
    await coordinator.settle()
    const end = coordinator.end(true)
    await coordinator.persist()
    expect([await end, await coordinator.status()]).toEqual(['NONE', 'PrepareCommit'])
    coordinator.topics.delete('orders')
    coordinator.changed()
    expect(await coordinator.status()).toBe('CompleteCommit')
  })

  test('stays prepared where a partition knows a newer epoch of the producer, as in Kafka', async () => {
    const coordinator = await TestCoordinator.withTransaction()
    const newer = { producerId: 1000n, producerEpoch: 9, commit: false, coordinatorEpoch: 0, transactionVersion: 2 }
    coordinator.orders.log.appendMarker(newer)
    const end = coordinator.end(true)
    await coordinator.persist()
    expect([await end, await coordinator.status()]).toEqual(['NONE', 'PrepareCommit'])
    expect(coordinator.orders.log.logEndOffset).toBe(2n)
  })

  test('is given up with its coordinator, and leaves no timer', async () => {
    const coordinator = await TestCoordinator.withTransaction()
    coordinator.orders.partition.failWrite()
    await coordinator.settle()
    const end = coordinator.end(true)
    await coordinator.persist()
    expect(await end).toBe('NONE')
    coordinator.stop()
    await coordinator.settle()
    expect(coordinator.state.clock.timerCount).toBe(0)
  })
})

test('without a producer id there is an answer', async () => {
  const coordinator = await TestCoordinator.start()
  coordinator.producerIds.next = () => Promise.reject(new KafkaError('COORDINATOR_LOAD_IN_PROGRESS'))
  const init = coordinator.init()
  await coordinator.persist()
  expect(await init).toMatchObject({ errorCode: 14, producerId: -1n, producerEpoch: -1 })
  coordinator.producerIds.next = () => Promise.reject(new Error('the metadata log has failed'))
  const again = coordinator.init()
  await coordinator.persist()
  expect((await again).errorCode).toBe(15)
})

test('every refusal is an answer of its API', async () => {
  const coordinator = await TestCoordinator.start()
  coordinator.topics.delete('__transaction_state')
  const refused = { errorCode: 16 }
  expect(await coordinator.init()).toEqual({ ...refused, producerId: -1n, producerEpoch: -1 })
  expect(await coordinator.add()).toEqual({ ...refused, missing: [] })
  expect(await coordinator.end(true)).toBe('NOT_COORDINATOR')
  expect(await coordinator.status()).toBe('NOT_COORDINATOR')
})

test('a list is refused while a partition is being loaded, and else has the transactions of all', async () => {
  const coordinator = await TestCoordinator.withTransaction()
  const asked = { stateFilters: [], producerIdFilters: [], durationFilter: -1n, transactionalIdPattern: null }
  const list = () => coordinator.transactions.list(asked, caller)
  expect(await list()).toMatchObject({ errorCode: 0, transactionStates: [{ transactionalId: 't', transactionState: 'Ongoing' }] })
  // The pattern is RE2's and the whole id must match it (KIP-1152).
  const matching = async (transactionalIdPattern: string) => {
    const { errorCode, transactionStates } = await coordinator.transactions.list({ ...asked, transactionalIdPattern }, caller)
    return `${errorName(errorCode)} ${transactionStates.length}`
  }
  expect(await matching('[s-u]')).toBe('NONE 1')
  expect(await matching('t.')).toBe('NONE 0')
  expect(await matching('(')).toBe('INVALID_REGULAR_EXPRESSION 0')
  coordinator.state.log.becomeLeader(1)
  coordinator.changed()
  const loading = list()
  expect(errorName((await loading).errorCode)).toBe('COORDINATOR_LOAD_IN_PROGRESS')
})
