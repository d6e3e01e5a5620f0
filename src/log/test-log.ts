import { buildRecordBatch, type RecordBatchOptions, type RecordToWrite } from '../../protocol/records/record-batch-builder.ts'
import { OwnedRecords } from '../../protocol/records/records-slice.ts'
import { Buffers } from '../environment/buffers.ts'
import type { Environment } from '../environment/environment.ts'
import { seededRandom } from '../environment/random.ts'
import { RecordingLogger } from '../environment/recording-logger.ts'
import { SimulatedClock } from '../environment/simulated-clock.ts'
import { SystemFiles } from '../environment/system-files.ts'
import { MemoryStorage } from '../storage/memory/memory-storage.ts'
import type { Durability } from '../storage/storage.ts'
import { CleanerOffsets } from './cleaner/cleaner-offsets.ts'
import { ControlledStorage } from './controlled-storage.ts'
import type { LogConfig } from './log-config.ts'
import { LogStartOffsets } from './log-start-offsets.ts'
import { openPartitionLog } from './open-partition-log.ts'
import type { AppendedBatch, PartitionLog, TransactionMarker } from './partition-log.ts'
import type { PreparedBatch } from './prepared-batch.ts'
import { UnsavedBytes } from './unsaved-bytes.ts'

/** As a topic has it without settings of its own. */
export const defaultLogConfig: LogConfig = {
  compact: false,
  delete: true,
  compression: null,
  timestampType: 'CreateTime',
  timestampBeforeMaxMs: 2 ** 63,
  timestampAfterMaxMs: 3_600_000,
  maxMessageBytes: 1_048_588,
  maxDecompressedMessageBytes: 64 << 20,
  segmentBytes: 1 << 30,
  segmentMs: 604_800_000,
  segmentJitterMs: 0,
  indexIntervalBytes: 4096,
  preallocate: false,
  retentionMs: 604_800_000,
  retentionBytes: -1,
  flushMessages: 2 ** 63,
  flushMs: 2 ** 63,
  segmentIndexBytes: 10 << 20,
  deleteRetentionMs: 86_400_000,
  minCompactionLagMs: 0,
  maxCompactionLagMs: 2 ** 63,
  minCleanableDirtyRatio: 0.5,
}

export const testPartition = { topicId: 'dGVzdC10b3BpYy1pZC0tMQ', topic: 'orders', partition: 3 }
/** What the clock of a test stands at. */
export const startMs = 1_700_000_000_000

interface TestLogOptions {
  readonly config?: Partial<LogConfig>
  readonly durability?: Durability
}

/** A log over memory whose writes and syncs the test commands; it can be opened again. */
export class TestLog {
  readonly clock = new SimulatedClock(startMs)
  readonly logger = new RecordingLogger()
  readonly config: LogConfig
  readonly #durability: Durability
  readonly environment: Environment
  readonly #memory: MemoryStorage
  #epoch = 0
  storage: ControlledStorage
  log!: PartitionLog

  private constructor(options: TestLogOptions) {
    this.config = { ...defaultLogConfig, ...options.config }
    this.#durability = options.durability ?? 'fsync'
    const buffers = new Buffers()
    this.environment = {
      time: this.clock,
      real: this.clock,
      random: seededRandom(1),
      logger: this.logger,
      files: new SystemFiles(),
      buffers,
    }
    this.#memory = new MemoryStorage({ time: this.clock, buffers, logger: this.logger, limitBytes: 256 << 20 })
    this.storage = new ControlledStorage(this.#memory)
  }

  static async open(options: TestLogOptions = {}): Promise<TestLog> {
    const test = new TestLog(options)
    await test.#open()
    return test
  }

  get partition() {
    return this.storage.partitions.get(`${testPartition.topic}-${testPartition.partition}`)!
  }

  /** A stop and a start, under the next leader epoch. */
  async reopen(): Promise<void> {
    await this.log.close()
    await this.restartUncleanly()
  }

  /** As after a kill: nothing was saved on the way out. */
  async restartUncleanly(bytesCut = 0): Promise<void> {
    this.#epoch = this.log.leaderEpoch + 1
    await this.partition.close()
    this.storage = new ControlledStorage(this.#memory, bytesCut)
    await this.#open()
  }

  append(options: TestBatchOptions = {}): AppendedBatch {
    return this.log.append(this.log.prepare(testRecords(options), { by: 'client' }) as PreparedBatch)
  }

  /** A batch of a transaction whose coordinator has said yes. */
  appendTransactional(options: TestBatchOptions): AppendedBatch {
    const { producerId: id = 7n, producerEpoch: epoch = 0, baseSequence = 0 } = options
    const records = testRecords({ ...options, producerId: id, producerEpoch: epoch, baseSequence, isTransactional: true })
    const guard = this.log.beginVerification({ id, epoch }, baseSequence, false)
    return this.log.append(this.log.prepare(records, { by: 'client' }) as PreparedBatch, guard)
  }

  /** As a coordinator writes it: without sequences. */
  appendTransactionalByCoordinator(producerId: bigint, count: number): AppendedBatch {
    const prepared = this.log.prepare(testRecords({ producerId, producerEpoch: 0, count, isTransactional: true }), {
      by: 'coordinator',
    }) as PreparedBatch
    return this.log.append(prepared, this.log.beginVerification({ id: producerId, epoch: 0 }, -1, true))
  }

  endTransaction(marker: Partial<TransactionMarker> = {}): AppendedBatch {
    const first = { producerId: 7n, producerEpoch: 0, coordinatorEpoch: 0, transactionVersion: 1 }
    return this.log.appendMarker({ ...first, commit: true, ...marker })
  }

  /** All that was appended is written and durable. */
  persist(): void {
    this.partition.write()
    this.partition.sync()
  }

  appendDurably(options: TestBatchOptions = {}): AppendedBatch {
    const appended = this.append(options)
    this.persist()
    return appended
  }

  async endOfTurn(): Promise<void> {
    await new Promise<void>((resolve) => this.clock.endOfTurn(resolve))
  }

  async #open(): Promise<void> {
    this.log = await openPartitionLog({
      storage: this.storage,
      id: testPartition,
      config: this.config,
      leaderEpoch: this.#epoch,
      durability: this.#durability,
      producerIdExpirationMs: 86_400_000,
      unsaved: new UnsavedBytes(),
      logStartOffsets: await LogStartOffsets.load(this.storage.files),
      cleanerOffsets: await CleanerOffsets.load(this.storage.files, this.logger),
      environment: this.environment,
    })
  }
}

export interface TestBatchOptions extends RecordBatchOptions {
  /** That many records, or one for each timestamp. */
  readonly count?: number
  readonly timestamps?: readonly bigint[]
  readonly key?: string | null
}

export function testBatchBytes(options: TestBatchOptions = {}): Buffer {
  const timestamps = options.timestamps ?? Array<bigint>(options.count ?? 1).fill(BigInt(startMs))
  const records: RecordToWrite[] = timestamps.map((timestamp, index) => ({
    timestamp,
    key: options.key === undefined ? 'key' : options.key,
    value: `value ${index}`,
  }))
  return buildRecordBatch(records, options)
}

export function testRecords(options: TestBatchOptions = {}): OwnedRecords {
  return new OwnedRecords(testBatchBytes(options))
}

/** Where the snapshots of its producers are by now. */
export async function snapshotsOf(test: TestLog): Promise<bigint[]> {
  await test.endOfTurn()
  const names = (await test.partition.checkpoints.list()).filter((name) => name.endsWith('.snapshot'))
  return names.sort().map((name) => BigInt(name.slice(0, 20)))
}

/** An idempotent producer's batch. */
export function sequenced(producerEpoch: number, baseSequence: number, count = 1, producerId = 7n): TestBatchOptions {
  return { producerId, producerEpoch, baseSequence, count }
}
