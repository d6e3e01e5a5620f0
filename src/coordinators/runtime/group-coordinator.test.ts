import { expect, test } from '@jest/globals'
import { type ErrorName, errorName, KafkaError } from '../../../protocol/errors.ts'
import { ZERO_UUID } from '../../../protocol/schema/field.ts'
import type { Cluster } from '../../cluster/cluster.ts'
import type { MetadataDelta } from '../../cluster/metadata-delta.ts'
import { resolveConfig } from '../../config/resolve-config.ts'
import { Buffers } from '../../environment/buffers.ts'
import { seededRandom } from '../../environment/random.ts'
import { SystemFiles } from '../../environment/system-files.ts'
import { TestLog } from '../../log/test-log.ts'
import { StorageError } from '../../storage/storage.ts'
import { subscription, testSettings } from '../group/test-groups.ts'
import type { CoordinatorCaller } from './coordinator.ts'
import { GroupCoordinator } from './group-coordinator.ts'

type Delta = Pick<MetadataDelta, 'topicsRemoved'>

/** One coordinator on one partition, whose writes and syncs the test commands. */
class TestCoordinator {
  readonly test: TestLog
  readonly groups: GroupCoordinator
  hasTopic = true
  /** What the coordinator of transactions says about a first write. */
  verification: ErrorName | null = null
  isLeader = true
  changed: (delta: Delta) => void = () => {}

  private constructor(test: TestLog, openRequestsMax: number, memberBytesMax: number) {
    this.test = test
    const hasTopic = () => this.hasTopic
    const image = {
      get topicsByName() {
        return new Map(hasTopic() ? [['__consumer_offsets', { partitions: [{}] }]] : [])
      },
      endOffset: 1n,
    } as unknown as Cluster['image']
    const { clock, logger } = test
    const random = seededRandom(1)
    this.groups = new GroupCoordinator({
      cluster: {
        image,
        onChange: (run) => {
          this.changed = (delta) => void run(image, { previous: image, topicsChanged: [], ...delta } as unknown as MetadataDelta)
          return () => {}
        },
      },
      node: {
        leaderLog: () => {
          if (!this.isLeader) throw new KafkaError('NOT_LEADER_OR_FOLLOWER')
          return test.log
        },
        config: resolveConfig([]).config,
      },
      environment: { time: clock, real: clock, random, logger, files: new SystemFiles(), buffers: new Buffers() },
      settings: { ...testSettings, initialRebalanceDelayMs: 0, memberBytesMax },
      openRequestsMax,
      verifier: { isNeeded: () => true, ask: async ({ partitions }) => partitions.map(() => this.verification) },
    })
  }

  static async start({
    openRequestsMax = 100,
    memberBytesMax = 1_000_000,
    test,
  }: {
    openRequestsMax?: number
    memberBytesMax?: number
    test?: TestLog
  } = {}): Promise<TestCoordinator> {
    const coordinator = new TestCoordinator(test ?? (await TestLog.open()), openRequestsMax, memberBytesMax)
    await coordinator.settle()
    return coordinator
  }

  /** What was set off has happened: loading too, which ends its turn between two pieces. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn += 1) await this.test.endOfTurn()
  }

  async persist(): Promise<void> {
    this.test.persist()
    await this.settle()
  }

  join(memberId = '', caller = callerOf({ version: 3 })) {
    return this.groups.request(
      'g',
      {
        api: 'JoinGroup',
        request: {
          groupId: 'g',
          sessionTimeoutMs: 10_000,
          rebalanceTimeoutMs: 30_000,
          memberId,
          groupInstanceId: null,
          protocolType: 'consumer',
          protocols: [{ name: 'range', metadata: subscription(['orders']) }],
          reason: null,
        },
      },
      caller,
    )
  }

  sync(memberId: string, generationId: number, assigned: string) {
    const assignments = [{ memberId, assignment: Buffer.from(assigned) }]
    const of = { groupId: 'g', groupInstanceId: null, protocolType: null, protocolName: null }
    return this.groups.request('g', { api: 'SyncGroup', request: { ...of, memberId, generationId, assignments } }, callerOf())
  }

  async heartbeat(memberId: string, generationId: number, caller = callerOf()) {
    const request = { groupId: 'g', memberId, generationId, groupInstanceId: null }
    return errorName((await this.groups.request('g', { api: 'Heartbeat', request }, caller)).errorCode)
  }

  async commit(offset: bigint, caller = callerOf()) {
    const details = { committedLeaderEpoch: -1, commitTimestamp: -1n, committedMetadata: '' }
    const partitions = [{ partitionIndex: 0, committedOffset: offset, ...details }]
    const response = await this.groups.request(
      'g',
      {
        api: 'OffsetCommit',
        request: {
          groupId: 'g',
          generationIdOrMemberEpoch: -1,
          memberId: '',
          groupInstanceId: null,
          retentionTimeMs: -1n,
          topics: [{ name: 'orders', topicId: ZERO_UUID, partitions }],
        },
      },
      caller,
    )
    return errorName(response.topics[0]!.partitions[0]!.errorCode)
  }

  async commitInTransaction(offset: bigint, caller = callerOf({ version: 5 })) {
    const request = {
      transactionalId: 't',
      groupId: 'g',
      producerId: 7n,
      producerEpoch: 0,
      generationIdOrMemberEpoch: -1,
      memberId: '',
      groupInstanceId: null,
      topics: [
        {
          name: 'orders',
          topicId: ZERO_UUID,
          partitions: [{ partitionIndex: 0, committedOffset: offset, committedLeaderEpoch: -1, committedMetadata: '' }],
        },
      ],
    }
    const { topics } = await this.groups.request('g', { api: 'TxnOffsetCommit', request }, caller)
    return errorName(topics[0]!.partitions[0]!.errorCode)
  }

  async fetch() {
    const group = { groupId: 'g', memberId: null, memberEpoch: -1, topics: null }
    const { errorCode, topics } = await this.groups.request('g', { api: 'OffsetFetch', group, requireStable: true }, callerOf())
    const [committed] = topics.flatMap(({ partitions }) => partitions)
    const error = errorName(errorCode || (committed?.errorCode ?? 0))
    return error === 'NONE' ? (committed?.committedOffset ?? -1n) : error
  }

  /** Into a stable group of one; gives the member's id. */
  async stable(): Promise<string> {
    const join = this.join()
    await this.persist()
    await this.test.clock.advance(1)
    const { memberId } = await join
    const sync = this.sync(memberId, 1, 'p0')
    await this.persist()
    expect((await sync).assignment.toString()).toBe('p0')
    return memberId
  }
}

interface CallerOptions {
  readonly version?: number
  readonly onClose?: CoordinatorCaller['connection']['onClose']
}

const callerOf = ({ version = 4, onClose = () => () => {} }: CallerOptions = {}): CoordinatorCaller => ({
  version,
  clientId: 'client',
  clientHost: '127.0.0.1',
  principal: 'User:ANONYMOUS',
  connection: { id: 1, onClose },
})

/** Whether a promise is settled, without waiting for it. */
async function isOpen(promise: Promise<unknown>): Promise<boolean> {
  const open = Symbol('open')
  return (await Promise.race([promise, Promise.resolve(open)])) === open
}

test('a commit is answered when it is durable, and what is read after it too', async () => {
  const coordinator = await TestCoordinator.start()
  const commit = coordinator.commit(5n)
  const fetch = coordinator.fetch()
  await coordinator.settle()
  expect([await isOpen(commit), await isOpen(fetch)]).toEqual([true, true])
  await coordinator.persist()
  expect([await commit, await fetch]).toEqual(['NONE', 5n])
  expect(await coordinator.fetch()).toBe(5n)
})

test('a group joins, syncs and is removed when its session ends', async () => {
  const coordinator = await TestCoordinator.start()
  const memberId = await coordinator.stable()
  expect(memberId).toMatch(/^client-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  await coordinator.test.clock.advance(6000)
  expect(await coordinator.heartbeat(memberId, 1)).toBe('NONE')
  await coordinator.test.clock.advance(6000)
  expect(await coordinator.heartbeat(memberId, 1)).toBe('NONE')
  await coordinator.test.clock.advance(10_000)
  await coordinator.persist()
  expect(await coordinator.heartbeat(memberId, 1)).toBe('UNKNOWN_MEMBER_ID')
})

test('after a restart the log says what groups and offsets there are', async () => {
  const before = await TestCoordinator.start()
  const commit = before.commit(7n)
  await before.persist()
  await commit
  const memberId = await before.stable()
  before.groups.stop()
  expect(before.test.clock.timerCount).toBe(0)
  await before.test.reopen()
  const after = await TestCoordinator.start({ test: before.test })
  expect(await after.heartbeat(memberId, 1)).toBe('NONE')
  expect(await after.fetch()).toBe(7n)
})

test('while a coordinator loads, heartbeats are content and everything else is told to wait', async () => {
  const coordinator = await TestCoordinator.start()
  coordinator.test.log.becomeLeader(5)
  coordinator.changed({ topicsRemoved: [] })
  const heartbeat = coordinator.heartbeat('anybody', 1)
  const join = coordinator.join()
  const fetch = coordinator.fetch()
  expect(await heartbeat).toBe('NONE')
  expect(errorName((await join).errorCode)).toBe('COORDINATOR_LOAD_IN_PROGRESS')
  expect(await fetch).toBe('COORDINATOR_LOAD_IN_PROGRESS')
  await coordinator.settle()
  expect(await coordinator.fetch()).toBe(-1n)
})

test('when the log fails parked requests are answered NOT_COORDINATOR; the new leader epoch brings back what was durable', async () => {
  const coordinator = await TestCoordinator.start()
  const memberId = await coordinator.stable()
  const parked = coordinator.join()
  coordinator.test.partition.failWrite()
  await coordinator.settle()
  expect(errorName((await parked).errorCode)).toBe('NOT_COORDINATOR')
  expect(await coordinator.heartbeat(memberId, 1)).toBe('NOT_COORDINATOR')
  coordinator.test.log.becomeLeader(coordinator.test.log.leaderEpoch + 1)
  await coordinator.settle()
  expect(await coordinator.heartbeat(memberId, 1)).toBe('NONE')
})

test('a commit whose write fails is answered NOT_COORDINATOR and is not there afterwards', async () => {
  const coordinator = await TestCoordinator.start()
  const first = coordinator.commit(1n)
  await coordinator.persist()
  expect(await first).toBe('NONE')
  const lost = coordinator.commit(2n)
  const read = coordinator.fetch()
  coordinator.test.partition.failWrite()
  await coordinator.settle()
  expect([await lost, await read]).toEqual(['NOT_COORDINATOR', 'NOT_COORDINATOR'])
  expect(await coordinator.fetch()).toBe('NOT_COORDINATOR')
  coordinator.test.log.becomeLeader(coordinator.test.log.leaderEpoch + 1)
  await coordinator.settle()
  expect(await coordinator.fetch()).toBe(1n)
})

test('an append that is refused drops the coordinator', async () => {
  const coordinator = await TestCoordinator.start()
  coordinator.test.partition.refusal = new StorageError('full', 'no space is left')
  expect(await coordinator.commit(2n)).toBe('NOT_COORDINATOR')
  expect(coordinator.test.logger.messages('error')).toContain('A coordinator was dropped; it is loaded again from its log.')
})

test('an append for which memory has no room leaves a coordinator that reads, and commits once there is room', async () => {
  const coordinator = await TestCoordinator.start()
  const first = coordinator.commit(1n)
  await coordinator.persist()
  expect(await first).toBe('NONE')
  coordinator.test.partition.refusal = new StorageError('full', 'no space is left')
  expect(await coordinator.commit(2n)).toBe('NOT_COORDINATOR')
  await coordinator.settle()
  expect(await coordinator.fetch()).toBe(1n)
  coordinator.test.partition.refusal = null
  const second = coordinator.commit(2n)
  await coordinator.persist()
  expect(await second).toBe('NONE')
})

test('a log that ends with offsets which no batch has is loaded', async () => {
  const before = await TestCoordinator.start()
  const commit = before.commit(7n)
  await before.persist()
  expect(await commit).toBe('NONE')
  const { test } = before
  const { log } = test
  const withoutBatches = new Proxy(log, {
    get: (target, name) => {
      if (name === 'highWatermark') return target.highWatermark + 10n
      if (name === 'whenDurable') return () => undefined
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  test.log = withoutBatches
  const after = await TestCoordinator.start({ test })
  expect(await after.fetch()).toBe(7n)
})

test('a request whose connection ends is not answered; the member stays until its session ends', async () => {
  const coordinator = await TestCoordinator.start()
  const memberId = await coordinator.stable()
  const close: (() => void)[] = []
  const other = coordinator.join('', callerOf({ version: 3, onClose: (run) => close.push(run) as never }))
  expect(close).toHaveLength(1)
  close[0]!()
  expect(errorName((await other).errorCode)).toBe('NETWORK_EXCEPTION')
  expect(await coordinator.heartbeat(memberId, 1)).toBe('REBALANCE_IN_PROGRESS')
  const { members } = await coordinator.join(memberId)
  expect(members).toHaveLength(2)
})

test('open requests have a limit', async () => {
  const coordinator = await TestCoordinator.start({ openRequestsMax: 1 })
  const parked = coordinator.join()
  expect(errorName((await coordinator.join()).errorCode)).toBe('COORDINATOR_LOAD_IN_PROGRESS')
  coordinator.groups.stop()
  expect(errorName((await parked).errorCode)).toBe('NOT_COORDINATOR')
})

test('what does not fit into the memory of members is refused, and logged once a minute with the limit', async () => {
  const coordinator = await TestCoordinator.start({ memberBytesMax: 2000 })
  const { lines } = coordinator.test.logger
  await coordinator.stable()
  for (let join = 0; join < 3; join += 1) {
    expect(errorName((await coordinator.join()).errorCode)).toBe('COORDINATOR_NOT_AVAILABLE')
  }
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatchObject({ level: 'warn', fields: { groupId: 'g', clientId: 'client', memberBytesMax: 2000 } })
  expect(lines[0]!.message).toContain('group.members.max.bytes')
})

test('members that were stored are loaded whatever the limit, and go on; only what needs more is refused', async () => {
  const before = await TestCoordinator.start()
  const memberId = await before.stable()
  before.groups.stop()
  const after = await TestCoordinator.start({ test: before.test, memberBytesMax: 1 })
  expect(await after.heartbeat(memberId, 1)).toBe('NONE')
  expect(errorName((await after.join()).errorCode)).toBe('COORDINATOR_NOT_AVAILABLE')
  const rejoin = after.join(memberId)
  await after.persist()
  expect(await rejoin).toMatchObject({ errorCode: 0, generationId: 2 })
  const sync = after.sync(memberId, 2, 'p1')
  await after.persist()
  expect((await sync).assignment.toString()).toBe('p1')
})

test('a partition that is not led any more gives the memory of its members back', async () => {
  const coordinator = await TestCoordinator.start({ memberBytesMax: 2000 })
  void coordinator.join()
  await coordinator.persist()
  expect(errorName((await coordinator.join()).errorCode)).toBe('COORDINATOR_NOT_AVAILABLE')
  coordinator.isLeader = false
  coordinator.changed({ topicsRemoved: [] })
  coordinator.isLeader = true
  coordinator.changed({ topicsRemoved: [] })
  await coordinator.settle()
  const join = coordinator.join()
  await coordinator.persist()
  await coordinator.test.clock.advance(1)
  expect(await join).toMatchObject({ errorCode: 0 })
})

test('without the topic, or without leadership, nobody coordinates here', async () => {
  const coordinator = await TestCoordinator.start()
  coordinator.isLeader = false
  coordinator.changed({ topicsRemoved: [] })
  expect(await coordinator.fetch()).toBe('NOT_COORDINATOR')
  coordinator.isLeader = true
  coordinator.changed({ topicsRemoved: [] })
  await coordinator.settle()
  expect(await coordinator.fetch()).toBe(-1n)
  coordinator.hasTopic = false
  coordinator.changed({ topicsRemoved: [] })
  expect(await coordinator.fetch()).toBe('NOT_COORDINATOR')
})

test('offsets of a deleted topic are deleted', async () => {
  const coordinator = await TestCoordinator.start()
  const commit = coordinator.commit(5n)
  await coordinator.persist()
  expect(await commit).toBe('NONE')
  coordinator.changed({ topicsRemoved: [{ id: ZERO_UUID, name: 'orders', partitions: [] }] })
  await coordinator.persist()
  expect(await coordinator.fetch()).toBe(-1n)
})

test('offsets of a topic that is deleted while the coordinator loads are deleted too', async () => {
  const coordinator = await TestCoordinator.start()
  const commit = coordinator.commit(5n)
  await coordinator.persist()
  expect(await commit).toBe('NONE')
  coordinator.test.log.becomeLeader(5)
  coordinator.changed({ topicsRemoved: [{ id: ZERO_UUID, name: 'orders', partitions: [] }] })
  await coordinator.settle()
  await coordinator.persist()
  expect(await coordinator.fetch()).toBe(-1n)
})

test('what needs no coordinator to be refused is refused first', async () => {
  const coordinator = await TestCoordinator.start()
  coordinator.hasTopic = false
  const request = { groupId: '', memberId: 'm', generationId: 1, groupInstanceId: null }
  const { errorCode } = await coordinator.groups.request('', { api: 'Heartbeat', request }, callerOf())
  expect(errorName(errorCode)).toBe('INVALID_GROUP_ID')
})

test('offsets of a transaction hold when its marker is durable, also across a reload', async () => {
  const coordinator = await TestCoordinator.start()
  const before = coordinator.commit(1n)
  await coordinator.persist()
  expect(await before).toBe('NONE')
  const commit = coordinator.commitInTransaction(5n)
  await coordinator.settle()
  await coordinator.persist()
  expect(await commit).toBe('NONE')
  expect(await coordinator.fetch()).toBe('UNSTABLE_OFFSET_COMMIT')
  coordinator.groups.stop()
  const next = await TestCoordinator.start({ test: coordinator.test })
  expect(await next.fetch()).toBe('UNSTABLE_OFFSET_COMMIT')
  const marker = { producerId: 7n, producerEpoch: 1, commit: true, coordinatorEpoch: 0, transactionVersion: 2 }
  const ended = next.groups.appendMarker(0, marker)
  await next.persist()
  await ended
  expect(await next.fetch()).toBe(5n)
  // Of version 2: the producer goes on with the epoch of the marker.
  expect(await next.commitInTransaction(6n)).toBe('INVALID_PRODUCER_EPOCH')
  expect(await next.fetch()).toBe(5n)
})

test.each([
  ['CONCURRENT_TRANSACTIONS', 'CONCURRENT_TRANSACTIONS'],
  ['TRANSACTION_ABORTABLE', 'TRANSACTION_ABORTABLE'],
  ['NOT_COORDINATOR', 'NOT_COORDINATOR'],
  ['NOT_ENOUGH_REPLICAS', 'COORDINATOR_NOT_AVAILABLE'],
  ['NETWORK_EXCEPTION', 'COORDINATOR_LOAD_IN_PROGRESS'],
] as const)('offsets of which the coordinator of transactions says %s are refused: %s', async (said, told) => {
  const coordinator = await TestCoordinator.start()
  coordinator.verification = said
  expect(await coordinator.commitInTransaction(5n)).toBe(told)
  expect(coordinator.test.log.logEndOffset).toBe(0n)
})
