import { Dice } from '../simulation/dice.ts'
import { SimulatedNetwork } from '../simulation/simulated-network.ts'
import { SimulatedTime } from '../simulation/simulated-time.ts'
import { Trace } from '../simulation/trace.ts'
import { Violations } from '../simulation/violations.ts'
import { diskError } from './disk-error.ts'
import { DiskRemains } from './disk-remains.ts'
import { Operator } from './operator.ts'
import { PlainWriter } from './plain-writer.ts'
import { PoweredBroker } from './powered-broker.ts'
import { PromiseLog } from './promised-state.ts'
import { RecordedDisk, type SkipsSync } from './recorded-disk.ts'
import { SentRecords } from './sent-records.ts'
import { SequencedWriter } from './sequenced-writer.ts'
import { settle } from './settle.ts'
import { topicPlans } from './topic-plans.ts'
import { TransactionalWriter } from './transactional-writer.ts'
import type { KnownTopic, Workload } from './workload.ts'

export interface RecordingOptions {
  readonly seed: number
  /** How long clients are at work. */
  readonly durationMs: number
  /** Syncs that are left out on purpose. */
  readonly skips?: SkipsSync
  readonly listen?: (line: string) => void
}

/** A disk between two losses of power. */
export interface DiskLife {
  readonly disk: RecordedDisk
  /** The number of its first operation among those of the whole run. */
  readonly base: number
}

const startLimitMs = 60_000

/** Clients, a broker that is stopped, killed and robbed of its power, and what it does to its disk all the while. */
export class RecordingRun {
  readonly sent = new SentRecords()
  readonly promises: PromiseLog
  readonly diskLives: DiskLife[] = []
  readonly violations: string[] = []
  /** When a sync was left out. */
  readonly leftOutAt: number[] = []
  /** When the run began. */
  readonly #options: RecordingOptions
  readonly #dice: Dice
  readonly #time = new SimulatedTime()
  /** How often a write or a sync of a log fails. */
  readonly #failing: number
  readonly #network: SimulatedNetwork
  readonly #workload: Workload
  #powered: PoweredBroker | null = null
  #isEnding = false
  #startCount = 0

  constructor(options: RecordingOptions) {
    this.#options = options
    this.#dice = new Dice(options.seed)
    this.#failing = this.#dice.pick([0, 0, 0.001, 0.004])
    this.promises = new PromiseLog(() => this.#operationCount)
    this.diskLives.push({ disk: new RecordedDisk(), base: 0 })
    const [time, dice] = [this.#time, this.#dice]
    const trace = new Trace(() => time.nowMs)
    const broker = () => this.#powered?.broker ?? null
    const violations = new Violations(
      () => time.nowMs,
      (line) => this.#violation(line),
    )
    this.#network = new SimulatedNetwork({ time, dice, trace, violations, broker })
    this.#workload = {
      time,
      dice,
      network: this.#network,
      promises: this.promises,
      sent: this.sent,
      topics: new Map<string, KnownTopic>(),
      broker,
      isEnding: () => this.#isEnding,
      violation: (what) => this.#violation(what),
    }
  }

  get operationCount(): number {
    return this.#operationCount
  }

  /** Ends at once when something is found. */
  async run(): Promise<void> {
    try {
      await this.#run()
    } catch (error) {
      this.#violation(error instanceof Error ? (error.stack ?? error.message) : String(error))
    }
    this.#isEnding = true
    this.#powered?.kill()
  }

  async #run(): Promise<void> {
    await this.#start()
    const operator = new Operator(this.#workload)
    await settle(this.#time, operator.make(this.#standingTopics()), startLimitMs, 'making topics')
    const clients = this.#clients(operator).map((client) =>
      client.catch((error: unknown) => this.#violation(error instanceof Error ? (error.stack ?? '') : String(error))),
    )
    const endMs = this.#time.nowMs + this.#options.durationMs
    while (this.#time.nowMs < endMs && this.violations.length === 0) {
      await this.#time.advance(this.#dice.between(100, 1500))
      this.#noteTime()
      if (this.violations.length === 0) await this.#restart()
    }
    if (this.violations.length > 0) return
    this.#isEnding = true
    await settle(this.#time, Promise.all(clients), startLimitMs, 'what the clients do')
  }

  get #disk(): RecordedDisk {
    return this.diskLives.at(-1)!.disk
  }

  get #operationCount(): number {
    const { disk, base } = this.diskLives.at(-1)!
    return base + disk.history.length
  }

  #standingTopics() {
    return Object.values(topicPlans).filter((plan) => plan !== topicPlans.passing)
  }

  #clients(operator: Operator): Promise<void>[] {
    const names = ['plain', 'wide', 'rolled', 'trimmed', 'short', 'keyed', 'passing']
    return [
      ...[1, 2, 3].map((number) => new PlainWriter(this.#workload, `writer${number}`).live(names)),
      new SequencedWriter(this.#workload, 'sequenced').live(),
      new TransactionalWriter(this.#workload, 'ledger').live(),
      operator.passing(topicPlans.passing),
      operator.trimming('trimmed'),
      operator.committing('readers', 'plain'),
      operator.looking(),
      this.#timing(),
    ]
  }

  /** So that each moment knows its time: what retention may take depends on it. */
  async #timing(): Promise<void> {
    while (!this.#isEnding) {
      await this.#time.sleep(10)
      this.#noteTime()
    }
  }

  #noteTime(): void {
    const { nowMs } = this.#time
    this.promises.add((state) => {
      state.nowMs = nowMs
    })
  }

  async #restart(): Promise<void> {
    const kind = this.#dice.pick(['stop', 'kill', 'kill', 'power loss', 'power loss'] as const)
    this.#say(kind)
    if (kind === 'stop') await settle(this.#time, this.#powered!.stop(), startLimitMs, 'a stop')
    else this.#powered!.kill()
    if (kind === 'power loss') this.#losePower()
    await this.#time.advance(this.#dice.between(1, 50))
    // Some starts do not come to their end.
    while (this.#dice.chance(0.25)) {
      const started = this.#newBroker()
      void started.start().catch(() => {})
      await this.#time.advance(this.#dice.between(1, 120))
      started.kill()
      this.#say('killed while it started')
      if (this.#dice.chance(0.5)) this.#losePower()
    }
    await this.#start()
  }

  #losePower(): void {
    const { disk, base } = this.diskLives.at(-1)!
    const remains = new DiskRemains(disk)
    remains.advanceTo(disk.history.length)
    const left = remains.draw(this.#dice)
    this.diskLives.push({ disk: new RecordedDisk(left), base: base + disk.history.length + 1 })
  }

  async #start(): Promise<void> {
    this.#powered = this.#newBroker()
    try {
      await settle(this.#time, this.#powered.start(), startLimitMs, 'a start')
      this.#say('started')
    } catch (error) {
      this.#violation(`the broker does not start: ${error instanceof Error ? error.stack : String(error)}`)
      this.#isEnding = true
    }
  }

  #newBroker(): PoweredBroker {
    const { seed, skips } = this.#options
    return new PoweredBroker({
      disk: this.#disk,
      time: this.#time,
      diskDice: this.#dice,
      seed: seed * 1000 + this.#startCount++,
      ...(skips && { skips: this.#noting(skips) }),
      fails: (call, path) => this.#failure(call, path),
      logged: (level, line) => {
        this.#say(`${level}: ${line}`)
        if (level === 'error' && this.#failing === 0) this.#violation(line)
      },
      fault: (error) => this.#violation(error.stack ?? error.message),
    })
  }

  /** The metadata log is spared: without it nothing else would go on. */
  #failure(call: 'write' | 'sync', path: string): NodeJS.ErrnoException | null {
    if (this.#failing === 0 || !path.endsWith('.log') || path.includes('__cluster_metadata')) return null
    if (this.#isEnding || !this.#dice.chance(this.#failing)) return null
    this.#say(`a ${call} of ${path} fails`)
    return diskError(call === 'write' ? 'ENOSPC' : 'EIO', path)
  }

  #noting(skips: SkipsSync): SkipsSync {
    return (sync, isStarting) => {
      const skipped = skips(sync, isStarting)
      if (skipped) this.leftOutAt.push(this.#operationCount)
      return skipped
    }
  }

  #violation(what: string): void {
    this.#say(`VIOLATION ${what}`)
    this.violations.push(what)
  }

  #say(line: string): void {
    this.#options.listen?.(`${this.#time.nowMs % 10_000_000} ${this.#operationCount} ${line}`)
  }
}
