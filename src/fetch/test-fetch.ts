import { KafkaError } from '../../protocol/errors.ts'
import { ByteLimit } from '../environment/byte-limit.ts'
import { seededRandom } from '../environment/random.ts'
import { SimulatedClock } from '../environment/simulated-clock.ts'
import { TestLog } from '../log/test-log.ts'
import type { FetchLimits, FetchPartition, FindLog } from './fetch-query.ts'
import { type Fetched, FetchService, releaseRecords } from './fetch-service.ts'

export interface Asked extends Partial<FetchLimits> {
  readonly partitions?: readonly Partial<FetchPartition>[]
}

/** A client that may go away. */
export class TestCaller {
  readonly #listeners = new Set<() => void>()
  #closed = false

  /** How many wait for its end. */
  get waiting(): number {
    return this.#listeners.size
  }

  onClose(run: () => void): () => void {
    if (this.#closed) run()
    else this.#listeners.add(run)
    return () => this.#listeners.delete(run)
  }

  close(): void {
    this.#closed = true
    for (const run of [...this.#listeners]) run()
  }
}

/** A fetch service over logs whose writes and syncs the test commands. Partition n is `logs[n]`. */
export class TestFetch {
  readonly real = new SimulatedClock()
  readonly caller = new TestCaller()
  readonly outgoing: ByteLimit
  readonly service: FetchService
  logs: TestLog[] = []
  roomWaits = 0
  refusal: KafkaError | null = null

  private constructor(outgoingBytesMax: number, fetchBytesMax: number) {
    this.outgoing = new ByteLimit('outgoing bytes', outgoingBytesMax)
    this.service = new FetchService({
      slots: 10,
      fetchBytesMax,
      outgoing: this.outgoing,
      time: this.real,
      real: this.real,
      random: seededRandom(1),
      waitsForRoom: () => this.roomWaits++,
    })
  }

  static async open(partitions = 1, outgoingBytesMax = 1 << 20, fetchBytesMax = 50 << 20): Promise<TestFetch> {
    const test = new TestFetch(outgoingBytesMax, fetchBytesMax)
    for (let partition = 0; partition < partitions; partition++) test.logs.push(await TestLog.open())
    return test
  }

  fetch({ partitions = [{}], ...limits }: Asked = {}, caller = this.caller): Promise<Fetched> {
    const findLog: FindLog = (_topic, partition) => {
      const log = this.logs[partition]?.log
      if (this.refusal !== null || log === undefined) throw this.refusal ?? new KafkaError('UNKNOWN_TOPIC_OR_PARTITION')
      return log
    }
    const wanted = partitions.map((partition) => ({
      topic: { name: 'orders' },
      partition: 0,
      fetchOffset: 0n,
      maxBytes: 1 << 20,
      currentLeaderEpoch: -1,
      lastFetchedEpoch: -1,
      ...partition,
    }))
    const asked: FetchLimits = { isolation: 'read_uncommitted', maxWaitMs: 500, minBytes: 1, maxBytes: 50 << 20, ...limits }
    return this.service.fetch(wanted, asked, findLog, caller)
  }

  /** Whether the fetch is answered by now. */
  async isAnswered(fetching: Promise<unknown>): Promise<boolean> {
    const pending = Symbol()
    await this.turn()
    await this.turn()
    return (await Promise.race([fetching, Promise.resolve(pending)])) !== pending
  }

  turn(): Promise<void> {
    return new Promise((resolve) => this.real.endOfTurn(resolve))
  }

  /** The bytes of each partition's answer; all is given back. */
  async sizes(fetching: Promise<Fetched>): Promise<readonly number[]> {
    const fetched = await fetching
    const sizes = fetched.partitions.map(({ records }) => records.sizeBytes)
    if (this.outgoing.reservedBytes < sizes.reduce((sum, size) => sum + size, 0)) throw new Error('read more than was reserved')
    releaseRecords(fetched.partitions)
    fetched.release()
    return sizes
  }
}
