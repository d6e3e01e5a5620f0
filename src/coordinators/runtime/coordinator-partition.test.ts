import { expect, test } from '@jest/globals'
import { KafkaError } from '../../../protocol/errors.ts'
import { Buffers } from '../../environment/buffers.ts'
import { seededRandom } from '../../environment/random.ts'
import { SystemFiles } from '../../environment/system-files.ts'
import { TestLog } from '../../log/test-log.ts'
import type { CoordinatorRecord, Decision, Input, Machine, Producer } from '../machine.ts'
import type { CoordinatorCaller } from './coordinator.ts'
import { CoordinatorPartition, type PartitionFacts } from './coordinator-partition.ts'

type TestInput = Input<string, string, string>

const record = (key: string, producer: Producer | null = null): CoordinatorRecord => ({
  key: Buffer.from(key),
  value: null,
  producer,
})

/** Decides what the test says, and tells what it was given. */
class ScriptedMachine implements Machine<string, null, string, string> {
  readonly inputs: TestInput[] = []
  readonly replayed: string[] = []
  next: (input: TestInput) => Partial<Decision<string>> = () => ({})

  decide(input: TestInput): Decision<string> {
    this.inputs.push(input)
    return { records: [], replies: [], timers: [], effects: [], ...this.next(input) }
  }

  replay(offset: bigint, { key, producer }: CoordinatorRecord): void {
    this.replayed.push(`${offset}: ${key}${producer === null ? '' : ` of ${producer.id}/${producer.epoch}`}`)
  }

  replayMarker({ id, epoch }: Producer, commit: boolean): void {
    this.replayed.push(`${commit ? 'commit' : 'abort'} of ${id}/${epoch}`)
  }

  get kinds(): readonly string[] {
    return this.inputs.map(({ kind }) => kind)
  }
}

interface Running {
  readonly effect: string
  readonly facts: PartitionFacts
  settle(result: string): void
  fail(error: Error): void
}

class TestPartition {
  readonly test: TestLog
  readonly machine = new ScriptedMachine()
  readonly running: Running[] = []
  /** What `dropped` was told. */
  readonly drops: boolean[] = []
  readonly partition: CoordinatorPartition<string, null, string, string>

  private constructor(test: TestLog) {
    this.test = test
    const { clock, logger } = test
    this.partition = new CoordinatorPartition({
      log: test.log,
      machine: this.machine,
      image: null,
      run: (effect, facts) =>
        new Promise((settle, fail) => {
          this.running.push({ effect, facts, settle, fail })
        }),
      environment: {
        time: clock,
        real: clock,
        random: seededRandom(1),
        logger,
        files: new SystemFiles(),
        buffers: new Buffers(),
      },
      openRequestsMax: 10,
      batchBytesMax: 1_000_000,
      dropped: (again) => this.drops.push(again),
    })
  }

  static async loaded(test?: TestLog): Promise<TestPartition> {
    const made = new TestPartition(test ?? (await TestLog.open()))
    await made.partition.load()
    return made
  }

  static async loading(test: TestLog): Promise<TestPartition> {
    return new TestPartition(test)
  }

  ask(request: string, guard?: Parameters<CoordinatorPartition<string, null>['request']>[2]): Promise<unknown> {
    const asked = this.partition.request(request, caller, guard)
    return asked.catch((error: unknown) => (error instanceof KafkaError ? error.code : Promise.reject(error)))
  }

  async settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn += 1) await this.test.endOfTurn()
  }

  async persist(): Promise<void> {
    this.test.persist()
    await this.settle()
  }

  marker(commit: boolean, more: { producerEpoch?: number; coordinatorEpoch?: number } = {}): Promise<unknown> {
    const marker = { producerId: 7n, producerEpoch: 0, commit, coordinatorEpoch: 0, transactionVersion: 1, ...more }
    return this.partition.appendMarker(marker).then(
      () => 'written',
      (error: unknown) => (error instanceof KafkaError ? error.code : Promise.reject(error)),
    )
  }
}

const caller: CoordinatorCaller = {
  version: 1,
  clientId: 'client',
  clientHost: '127.0.0.1',
  principal: 'User:ANONYMOUS',
  connection: { id: 1, onClose: () => () => {} },
}

const answered = (input: TestInput, response: object) => (input.kind === 'request' ? [{ id: input.id, response }] : [])

test('an effect is run when what was decided is durable, and its result is an input', async () => {
  const one = await TestPartition.loaded()
  one.machine.next = (input) => (input.kind === 'request' ? { records: [record('a')], effects: ['ring'] } : {})
  void one.ask('go')
  await one.settle()
  expect([one.machine.replayed, one.running]).toEqual([['0: a'], []])
  await one.persist()
  expect(one.running).toMatchObject([{ effect: 'ring', facts: { partition: 3, leaderEpoch: 0, signal: { aborted: false } } }])
  one.running[0]!.settle('rang')
  await one.settle()
  expect(one.machine.inputs.at(-1)).toEqual({ kind: 'effect', effect: 'ring', result: 'rang' })
})

test('an effect of a decision without records waits until what was read is durable', async () => {
  const one = await TestPartition.loaded()
  one.machine.next = (input) => {
    if (input.kind !== 'request') return {}
    return input.request === 'write' ? { records: [record('a')] } : { effects: ['ring'] }
  }
  void one.ask('write')
  void one.ask('ring')
  await one.settle()
  expect(one.running).toEqual([])
  await one.persist()
  expect(one.running).toHaveLength(1)
})

test('an effect whose decision is lost is not run', async () => {
  const one = await TestPartition.loaded()
  one.machine.next = (input) => (input.kind === 'request' ? { records: [record('a')], effects: ['ring'] } : {})
  const asked = one.ask('go')
  one.test.partition.failWrite()
  await one.settle()
  expect([await asked, one.running, one.drops]).toEqual(['NOT_COORDINATOR', [], [false]])
})

test('the result of an effect is nobody’s once its coordinator is dropped, and whoever runs it is told', async () => {
  const one = await TestPartition.loaded()
  one.machine.next = (input) => (input.kind === 'request' ? { effects: ['ring'] } : {})
  void one.ask('go')
  await one.settle()
  const [{ facts, settle }] = one.running as [Running]
  one.partition.stop()
  expect(facts.signal.aborted).toBe(true)
  settle('rang')
  await one.settle()
  expect(one.machine.kinds).toEqual(['loaded', 'request'])
})

test('an effect that cannot be run is a fault: the coordinator is dropped, and not loaded to do it again', async () => {
  const one = await TestPartition.loaded()
  one.machine.next = (input) => (input.kind === 'request' ? { effects: ['ring'] } : {})
  void one.ask('go')
  await one.settle()
  one.running[0]!.fail(new Error('no bell'))
  await one.settle()
  expect(one.drops).toEqual([false])
})

const inTransaction = { id: 7n, epoch: 0 }

/** A machine that writes each request as a record of a producer's transaction. */
function writesInTransaction({ machine }: TestPartition): void {
  machine.next = (input) =>
    input.kind === 'request'
      ? { records: [record(input.request, inTransaction)], replies: answered(input, { done: input.request }) }
      : {}
}

test('records of a producer are part of its transaction, whose end comes in line with them', async () => {
  const one = await TestPartition.loaded()
  writesInTransaction(one)
  const guard = one.test.log.beginVerification(inTransaction, -1, false)
  const first = one.ask('a', guard)
  const second = one.ask('b')
  const marker = one.marker(true)
  expect(one.machine.replayed).toEqual(['0: a of 7/0', '1: b of 7/0', 'commit of 7/0'])
  await one.persist()
  expect([await first, await second, await marker]).toEqual([{ done: 'a' }, { done: 'b' }, 'written'])
  expect(one.test.log.lastStableOffset).toBe(3n)
  const again = await TestPartition.loaded(one.test)
  expect(again.machine.replayed).toEqual(one.machine.replayed)
})

test('a transaction that the log refuses is refused alone; the coordinator goes on', async () => {
  const one = await TestPartition.loaded()
  writesInTransaction(one)
  expect(await one.ask('unverified')).toBe('INVALID_TXN_STATE')
  const verified = one.ask('verified', one.test.log.beginVerification(inTransaction, -1, false))
  await one.persist()
  expect([await verified, one.drops]).toEqual([{ done: 'verified' }, []])
  expect(one.machine.replayed).toEqual(['0: verified of 7/0'])
})

test('after a loss before the marker was durable the transaction is open again, until the marker comes once more', async () => {
  const one = await TestPartition.loaded()
  writesInTransaction(one)
  const asked = one.ask('a', one.test.log.beginVerification(inTransaction, -1, false))
  await one.persist()
  expect(await asked).toEqual({ done: 'a' })
  const lost = one.marker(true)
  one.test.partition.failWrite()
  await one.settle()
  expect(await lost).toBe('KAFKA_STORAGE_ERROR')
  one.partition.stop()
  expect(await one.marker(true)).toBe('NOT_COORDINATOR')
  one.test.log.becomeLeader(1)
  await one.settle()
  const next = await TestPartition.loaded(one.test)
  expect(next.machine.replayed).toEqual(['0: a of 7/0'])
  const again = next.marker(true)
  await next.persist()
  expect(await again).toBe('written')
  expect(next.machine.replayed).toEqual(['0: a of 7/0', 'commit of 7/0'])
})

test('a marker that comes while the log is loaded has its turn after that', async () => {
  const before = await TestPartition.loaded()
  writesInTransaction(before)
  void before.ask('a', before.test.log.beginVerification(inTransaction, -1, false))
  await before.persist()
  const one = await TestPartition.loading(before.test)
  const marker = one.marker(false)
  await one.partition.load()
  await one.persist()
  expect([await marker, one.machine.replayed]).toEqual(['written', ['0: a of 7/0', 'abort of 7/0']])
})

test('a marker that waits is refused when the coordinator is dropped while it loads', async () => {
  const one = await TestPartition.loading(await TestLog.open())
  const marker = one.marker(false)
  one.partition.stop()
  expect(await marker).toBe('NOT_COORDINATOR')
})

test('a marker of a coordinator that was replaced is refused, and nothing else', async () => {
  const one = await TestPartition.loaded()
  const first = one.marker(true, { coordinatorEpoch: 5 })
  await one.persist()
  expect(await first).toBe('written')
  expect(await one.marker(false, { coordinatorEpoch: 4 })).toBe('TRANSACTION_COORDINATOR_FENCED')
  expect([one.drops, one.machine.replayed]).toEqual([[], ['commit of 7/0']])
})
