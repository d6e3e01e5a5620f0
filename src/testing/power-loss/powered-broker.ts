import { resolveConfig, settingsSource } from '../../config/resolve-config.ts'
import { Buffers } from '../../environment/buffers.ts'
import type { Logger } from '../../environment/logger.ts'
import { seededRandom } from '../../environment/random.ts'
import { silentLogger } from '../../environment/silent-logger.ts'
import { SystemFiles } from '../../environment/system-files.ts'
import { SegmentStorage } from '../../storage/segments/segment-storage.ts'
import type { Dice } from '../simulation/dice.ts'
import { SimulatedBroker } from '../simulation/simulated-broker.ts'
import type { ProcessClock, SimulatedTime } from '../simulation/simulated-time.ts'
import { DiskProcess, type DiskProcessOptions } from './disk-process.ts'
import type { RecordedDisk, SkipsSync } from './recorded-disk.ts'

const settings = {
  'node.id': '1',
  'log.dirs': '/data/one,/data/two',
  'offsets.topic.num.partitions': '2',
  'offsets.topic.segment.bytes': '4096',
  'transaction.state.log.num.partitions': '2',
  'group.initial.rebalance.delay.ms': '0',
  'auto.create.topics.enable': 'false',
  'log.retention.check.interval.ms': '300',
  'log.initial.task.delay.ms': '100',
  'log.cleaner.backoff.ms': '200',
  'log.flush.offset.checkpoint.interval.ms': '700',
  'replica.high.watermark.checkpoint.interval.ms': '400',
  'log.flush.start.offset.checkpoint.interval.ms': '500',
  'metadata.log.max.snapshot.interval.ms': '1500',
  'metadata.max.retention.bytes': '20000',
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': '500',
}

/** A descriptor for every file would hide what is done to files that had to be opened again. */
const openFilesMax = 24
const threads = 4
/** So small that its halves take turns all the time. */
const journalHalfBytes = 160 * 1024
/** Shared by all lives: new ones for each start would cost more than the start. */
const buffers = new Buffers()

export interface PoweredBrokerOptions {
  readonly disk: RecordedDisk
  readonly time: SimulatedTime
  /** Null: the disk takes no time. */
  readonly diskDice: Dice | null
  readonly seed: number
  readonly skips?: SkipsSync
  /** A failure of the disk, once the broker has started. */
  readonly fails?: DiskProcessOptions['fails']
  /** A line of the broker's log that tells of a failure. */
  readonly logged: (level: 'warn' | 'error', line: string) => void
  /** An assertion, or a handler that failed. */
  readonly fault: (error: Error) => void
}

/** One life of a broker on a recorded disk, from the start of its process to its end. */
export class PoweredBroker {
  readonly #options: PoweredBrokerOptions
  readonly #process: DiskProcess
  #clock: ProcessClock | null = null
  #broker: SimulatedBroker | null = null

  constructor(options: PoweredBrokerOptions) {
    this.#options = options
    const { disk, time, diskDice, skips, fails } = options
    this.#process = new DiskProcess({
      disk,
      time,
      dice: diskDice,
      ...(skips && { skips: (sync) => skips(sync, this.#broker === null) }),
      ...(fails && { fails: (call, path) => (this.#broker === null ? null : fails(call, path)) }),
    })
  }

  /** Null until it has started. */
  get broker(): SimulatedBroker | null {
    return this.#broker
  }

  async start(): Promise<SimulatedBroker> {
    const { time, seed, fault } = this.#options
    const random = seededRandom(seed)
    const config = resolveConfig([settingsSource(settings, 'power loss')]).config
    const files = new SystemFiles(this.#process, openFilesMax)
    const logger = this.#logger()
    this.#broker = await SimulatedBroker.start({
      time,
      random,
      config,
      logger,
      fault,
      tendsLogs: true,
      disk: {
        mount: (clock) => {
          this.#clock = clock
          return new SegmentStorage({
            directory: '/data/one',
            otherDirectories: ['/data/two'],
            files,
            buffers,
            time: clock,
            random,
            logger,
            durability: 'fsync',
            threads,
            journalHalfBytes,
            checkpointIntervals: {
              recoveryPointMs: config.get('log.flush.offset.checkpoint.interval.ms'),
              highWatermarkMs: config.get('replica.high.watermark.checkpoint.interval.ms'),
            },
          })
        },
      },
      wrapLog: (log) => log,
      wrapServices: (services) => services,
    })
    return this.#broker
  }

  async stop(): Promise<void> {
    const broker = this.#broker
    this.#broker = null
    await broker?.stop()
    this.#process.end()
  }

  /** The process is no more; what it has written the system still knows. */
  kill(): void {
    this.#process.end()
    this.#clock?.end()
    this.#broker?.kill()
    this.#broker = null
  }

  #logger(): Logger {
    const { logged } = this.#options
    const say = (level: 'warn' | 'error') => (fields: object, message: string) => {
      const { err } = fields as { readonly err?: unknown }
      logged(level, err instanceof Error ? `${message} (${err.stack ?? err.message})` : message)
    }
    return { ...silentLogger, warn: say('warn'), error: say('error') }
  }
}
