import { findCoordinator } from '../../../protocol/messages/find-coordinator.ts'
import { resolveConfig, settingsSource } from '../../config/resolve-config.ts'
import { seededRandom } from '../../environment/random.ts'
import { silentLogger } from '../../environment/silent-logger.ts'
import { BrokerHost } from './broker-host.ts'
import { CommittedOffsets } from './committed-offsets.ts'
import { ConsumerOwners } from './consumer-owners.ts'
import { Dice } from './dice.ts'
import { EpochHistory } from './epoch-history.ts'
import { FinalReads } from './final-reads.ts'
import { GroupHistory } from './group-history.ts'
import { GroupOffsets } from './group-offsets.ts'
import { OffsetWatcher } from './offset-watcher.ts'
import { Operator } from './operator.ts'
import { Population } from './population.ts'
import { ProducedRecords } from './produced-records.ts'
import { nothingBroken, type Sabotage } from './sabotage.ts'
import { SimulatedDisk, soundDisk } from './simulated-disk.ts'
import { ConnectionLost, lastEffectMs, SimulatedNetwork, soundNetwork } from './simulated-network.ts'
import { SimulatedTime } from './simulated-time.ts'
import { Trace } from './trace.ts'
import { TransactionHistory } from './transaction-history.ts'
import { type Violation, Violations } from './violations.ts'
import type { World } from './world.ts'

export interface SimulationOptions {
  readonly seed: number
  readonly hours: number
  /** Hears every line of the trace. */
  readonly listen?: (line: string) => void
  /** Breaks something on purpose. */
  readonly sabotage?: Sabotage
}

export interface SimulationReport {
  readonly seed: number
  readonly hours: number
  readonly violations: readonly Violation[]
  /** Of everything that happened: equal for two runs of one seed. */
  readonly digest: string
  readonly lastLines: readonly string[]
  readonly counts: Readonly<Record<string, number>>
}

const hourMs = 3_600_000

const settings = {
  'node.id': '1',
  'storage.type': 'memory',
  'offsets.topic.num.partitions': '3',
  'transaction.state.log.num.partitions': '3',
  'group.min.session.timeout.ms': '6000',
  'group.consumer.heartbeat.interval.ms': '14000',
  'auto.create.topics.enable': 'false',
  'log.roll.ms': '20000',
  'log.cleaner.backoff.ms': '2000',
  'log.cleaner.min.cleanable.ratio': '0.05',
  'log.cleaner.delete.retention.ms': '30000',
}

/** One run: a broker, its clients and everything that befalls them, from one seed. */
export class Simulation {
  readonly #options: SimulationOptions
  readonly #dice: Dice
  readonly #time = new SimulatedTime()
  readonly #startMs = this.#time.nowMs
  readonly #trace: Trace
  readonly #violations: Violations
  readonly #disk: SimulatedDisk
  readonly #network: SimulatedNetwork
  readonly #host: BrokerHost
  readonly #world: World
  #population: Population | null = null
  readonly #topicNames = new Map<string, string>()
  #isEnding = false
  /** Who has not come to an end. */
  readonly #living = new Set<string>()

  constructor(options: SimulationOptions) {
    const { seed, listen = null, sabotage = nothingBroken } = options
    this.#options = options
    this.#dice = new Dice(seed)
    const [time, dice] = [this.#time, this.#dice]
    const evictMs = dice.pick([-1, 20_000])
    const trace = new Trace(() => time.nowMs, listen)
    this.#trace = trace
    this.#violations = new Violations(
      () => time.nowMs - this.#startMs,
      (line) => trace.say(line),
    )
    const violations = this.#violations
    const records = new ProducedRecords(violations)
    this.#disk = new SimulatedDisk(time, dice, {
      happened: (line) => trace.say(line),
      restartNeeded: () => this.#host.restartSoon(),
    })
    this.#disk.forgetsSynced = sabotage.diskForgetsSynced
    this.#network = new SimulatedNetwork({ time, dice, trace, violations, broker: () => this.#host.broker })
    this.#host = new BrokerHost({
      time,
      dice,
      trace,
      disk: this.#disk,
      random: seededRandom(seed),
      config: resolveConfig([settingsSource({ ...settings, 'group.evict.on.disconnect': String(evictMs) }, 'simulation')]).config,
      logger: { ...silentLogger, error: (fields, message) => this.#logged(fields, message) },
      fault: (error) => violations.report('no-fault', error.stack ?? error.message),
      begin: (life) => this.#goesOn(life),
      // What coordinators load after a restart has then been compacted again and again.
      tendsLogs: seed % 2 === 1,
      wrapLog: sabotage.wrapLog,
      wrapServices: sabotage.wrapServices,
    })
    this.#world = {
      time,
      dice,
      trace,
      violations,
      network: this.#network,
      offsets: new CommittedOffsets(time, violations),
      records,
      transactions: new TransactionHistory(records, violations),
      epochs: new EpochHistory(violations),
      groups: new GroupHistory(violations),
      consumerOwners: new ConsumerOwners(time, violations, evictMs < 0 ? 45_000 : evictMs),
      topicNames: () => {
        this.#partitionCounts()
        return this.#topicNames
      },
      cluster: () => this.#host.broker?.cluster ?? null,
      partitionCounts: () => this.#partitionCounts(),
      isEnding: () => this.#isEnding,
    }
  }

  /** The whole story: a start, hours of faults, a quiet end in which everything must come right, the last checks. */
  async run(): Promise<SimulationReport> {
    const { hours } = this.#options
    // What a handler loads when it is first asked would come at a moment that no seed decides.
    await import('../../coordinators/group/topic-regex.ts')
    await this.#during(this.#host.start())
    await this.#during(this.#prepare())
    this.#beginFaults()
    this.#beginClients()
    await this.#time.advance(hours * hourMs)
    this.#endFaults()
    await this.#time.advance(4 * 60_000)
    this.#isEnding = true
    await this.#time.advance(30 * 60_000)
    await this.#during(this.#checkEnd())
    return this.#report()
  }

  /** Lets time pass until it is settled. */
  async #during(promise: Promise<void>): Promise<void> {
    let settled: { readonly error: unknown } | 'well' | null = null
    promise.then(
      () => {
        settled = 'well'
      },
      (error: unknown) => {
        settled = { error }
      },
    )
    for (let seconds = 0; settled === null; seconds += 1) {
      if (seconds > 3600) throw new Error('a step of the simulation does not end')
      await this.#time.advance(1000)
    }
    if (settled !== 'well') throw (settled as { readonly error: unknown }).error
  }

  #partitionCounts(): ReadonlyMap<string, number> {
    const topics = this.#host.broker?.cluster.image.topicsByName ?? new Map()
    for (const { id, name } of topics.values()) this.#topicNames.set(id, name)
    return new Map([...topics.values()].map(({ name, partitions }) => [name, partitions.length]))
  }

  async #prepare(): Promise<void> {
    const operator = new Operator(this.#world, this.#topics)
    await operator.create('orders', 6)
    await operator.create(this.#topics.growingTopic, 2)
    await operator.create('facts', 4)
    await operator.create('results', 4)
    const connection = this.#network.connect('first')
    for (const keyType of [0, 1]) await connection.ask(findCoordinator, 4, { keyType, coordinatorKeys: ['any'] })
    await this.#world.time.sleep(1000)
    // A group that has an offset is not forgotten while it is empty, so that its generations go on where they were.
    for (const groupId of this.#groupIds) {
      const offsets = new GroupOffsets(this.#world, groupId, connection)
      await offsets.commit({ memberId: '', generation: -1, instanceId: null, isClassic: false }, new Map([['orders/0', 0n]]))
    }
    connection.close()
  }

  readonly #topics = { passingTopic: 'passing', growingTopic: 'growing', partitionsMax: 8 }

  get #groupIds(): readonly string[] {
    return Array.from({ length: 4 }, (_, index) => `group${index}`)
  }

  #beginFaults(): void {
    const often = this.#dice.pick([0, 1, 1, 3])
    this.#network.faults = { brokenConnection: 0.002 * often, doubled: 0.02, slow: 0.002 * often }
    const diskOften = this.#dice.pick([0, 1, 1, 4])
    this.#disk.faults = {
      refusedAppend: 0.001 * diskOften,
      failedWrite: 0.001 * diskOften,
      failedSync: 0.0001 * diskOften,
      slowSync: 0.01 * diskOften,
    }
    // What a disk forgets is seen when the power goes.
    const restartMs = this.#disk.forgetsSynced ? 100_000 : this.#dice.pick([500_000, 1_500_000, 3_600_000])
    this.#goesOn(this.#restarts(restartMs))
  }

  async #restarts(everyMs: number): Promise<void> {
    for (;;) {
      await this.#time.sleep(this.#dice.between(everyMs / 10, 2 * everyMs))
      if (this.#network.faults === soundNetwork) return
      await this.#host.restart()
    }
  }

  #endFaults(): void {
    this.#trace.say('no more faults')
    this.#network.faults = soundNetwork
    this.#disk.faults = soundDisk
  }

  #beginClients(): void {
    const population = new Population(this.#world, this.#topics, this.#groupIds)
    for (const [name, life] of population.live()) this.#begin(name, life)
    this.#population = population
  }

  /** A client's life, up to its end. */
  #begin(name: string, life: Promise<void>): void {
    this.#living.add(name)
    this.#goesOn(life.then(() => void this.#living.delete(name)))
  }

  #goesOn(life: Promise<void>): void {
    life.catch((error: unknown) => {
      const reason = error instanceof Error ? (error.stack ?? error.message) : String(error)
      this.#violations.report('no-fault', reason)
    })
  }

  #logged(fields: object, message: string): void {
    const { err } = fields as { readonly err?: unknown }
    const reason = err instanceof Error ? `: ${err.message}` : ''
    this.#trace.say(`log: ${message}${reason}`)
    if (message.includes('fault')) this.#violations.report('no-fault', `${message}: ${err instanceof Error ? err.stack : reason}`)
  }

  async #checkEnd(): Promise<void> {
    const { offsets, records } = this.#world
    for (const { what, atMs } of this.#network.open.values()) {
      this.#violations.report('answered', `${what}, which came at ${atMs - this.#startMs}, was never answered`)
    }
    for (const name of this.#living) this.#violations.report('answered', `${name} has not come to its end`)
    await this.#time.sleep(lastEffectMs)
    await new OffsetWatcher(this.#world, 0).look()
    try {
      const reads = new FinalReads(this.#world)
      await reads.checkTransactions(this.#population?.transactionalIds ?? [])
      await reads.checkLogs(this.#population?.readers ?? [])
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error
      this.#violations.report('answered', 'the connection was lost on a network without faults')
    }
    this.#trace.say(`${offsets.acknowledgedCount} commits, ${records.acknowledgedCount} records`)
  }

  #report(): SimulationReport {
    const { seed, hours } = this.#options
    const { offsets, records, groups, transactions } = this.#world
    return {
      seed,
      hours,
      violations: this.#violations.found,
      digest: this.#trace.digest(),
      lastLines: this.#trace.lastLines(),
      counts: {
        events: this.#time.stepCount,
        requests: this.#network.requestCount,
        members: this.#population?.memberCount ?? 0,
        starts: this.#host.startCount,
        assignments: groups.assignedCount,
        taken: this.#world.consumerOwners.takenCount,
        commits: offsets.acknowledgedCount,
        offsetLooks: offsets.lookCount,
        records: records.acknowledgedCount,
        transactionsCommitted: transactions.committedCount,
        transactionsAborted: transactions.abortedCount,
      },
    }
  }
}
