import { offsetFetch } from '../../../protocol/messages/offset-fetch.ts'
import { buildRecordBatch } from '../../../protocol/records/record-batch-builder.ts'
import type { PartitionLog } from '../../log/partition-log.ts'
import { Dice } from '../simulation/dice.ts'
import { errorOf } from '../simulation/error-of.ts'
import { type Connection, ConnectionLost, SimulatedNetwork } from '../simulation/simulated-network.ts'
import { SimulatedTime } from '../simulation/simulated-time.ts'
import { Trace } from '../simulation/trace.ts'
import { Violations } from '../simulation/violations.ts'
import { type LogContents, readLog } from './log-contents.ts'
import { PoweredBroker } from './powered-broker.ts'
import { PartitionPromises, PromisedState, type TopicPromises } from './promised-state.ts'
import type { RecordedDisk, SkipsSync } from './recorded-disk.ts'
import { type SentRecords, valueFor } from './sent-records.ts'
import { settle } from './settle.ts'
import { transactionTimeoutMs } from './transactional-writer.ts'
import { type BatchToSend, send } from './workload.ts'

export interface StartCheckOptions {
  readonly disk: RecordedDisk
  readonly promised: PromisedState
  readonly sent: SentRecords
  readonly seed: number
  /** The disk takes its time, so that the history is one that may be cut in its middle. */
  readonly isSlow: boolean
  /** Also waits until every transaction has come to its end. */
  readonly endsTransactions: boolean
  readonly skips?: SkipsSync
}

const limitMs = 60_000
const attemptsMax = 50
const tendingMs = 600

/** Starts a broker on what a loss of power has left, and holds what it has against what was promised. */
export class StartCheck {
  readonly violations: string[] = []
  readonly #options: StartCheckOptions
  readonly #time: SimulatedTime
  readonly #dice: Dice
  readonly #powered: PoweredBroker
  readonly #connection: Connection
  readonly #contents = new Map<string, LogContents>()
  /** What the next start must keep. */
  readonly #next = new PromisedState()

  constructor(options: StartCheckOptions) {
    this.#options = options
    const { disk, promised, seed, isSlow, skips } = options
    this.#dice = new Dice(seed)
    const [dice, time] = [this.#dice, new SimulatedTime(promised.nowMs + 1000)]
    this.#time = time
    this.#powered = new PoweredBroker({
      disk,
      time,
      diskDice: isSlow ? dice : null,
      seed,
      ...(skips && { skips }),
      logged: (level, line) => {
        if (level === 'error') this.#violation(line)
      },
      fault: (error) => this.#violation(error.stack ?? error.message),
    })
    const violations = new Violations(
      () => time.nowMs,
      (line) => this.#violation(line),
    )
    const broker = () => this.#powered.broker
    const network = new SimulatedNetwork({ time, dice, trace: new Trace(() => 0), violations, broker })
    this.#connection = network.connect('checker')
  }

  /** Gives what must hold at the next start. */
  async run(): Promise<PromisedState> {
    try {
      await settle(this.#time, this.#powered.start(), limitMs, 'a start')
    } catch (error) {
      this.#violation(`the broker does not start: ${error instanceof Error ? error.stack : String(error)}`)
      return this.#next
    }
    try {
      await settle(this.#time, this.#check(), limitMs, 'a check')
    } catch (error) {
      this.#violation(`the check failed: ${error instanceof Error ? error.stack : String(error)}`)
    }
    return this.#next
  }

  async end(kind: 'stop' | 'kill'): Promise<void> {
    if (kind === 'kill' || this.violations.length > 0) this.#powered.kill()
    else await settle(this.#time, this.#powered.stop(), limitMs, 'a stop')
    this.#next.nowMs = this.#time.nowMs
  }

  async #check(): Promise<void> {
    const { promised, endsTransactions } = this.#options
    for (const topic of promised.topics.values()) await this.#checkTopic(topic)
    for (const [groupId, offsets] of promised.offsets) if (offsets.acknowledged >= 0n) await this.#checkOffsets(groupId, offsets)
    if (this.violations.length > 0) return
    for (const topic of promised.topics.values()) if (topic.deletion === 'none') await this.#append(topic)
    if (endsTransactions) await this.#checkTransactions()
    // Retention and compaction look at what was recovered; the next start tells what they took.
    else await this.#time.sleep(tendingMs)
  }

  async #checkTopic(topic: TopicPromises): Promise<void> {
    const { plan, topicId, deletion, partitions } = topic
    const cluster = this.#powered.broker!.cluster
    const found = cluster.image.topicsById.get(topicId)
    if (deletion === 'done' && found !== undefined) this.#violation(`the topic ${plan.name} ${topicId} was deleted, and is there`)
    if (deletion !== 'none') return
    if (found?.partitions.length !== plan.partitions || found.name !== plan.name) {
      this.#violation(`the topic ${plan.name} has ${found?.partitions.length} partitions, and was made with ${plan.partitions}`)
      return
    }
    const next = partitions.map(() => new PartitionPromises())
    this.#next.topics.set(topicId, { plan, topicId, deletion: 'none', partitions: next })
    for (const [partition, promises] of partitions.entries()) {
      const log = cluster.partitionLog(topicId, partition)
      if (log === undefined) this.#violation(`${plan.name}-${partition} cannot be opened`)
      else await this.#checkLog(topic, partition, promises, log, next[partition]!)
    }
  }

  async #checkLog(
    topic: TopicPromises,
    partition: number,
    promises: PartitionPromises,
    log: PartitionLog,
    next: PartitionPromises,
  ): Promise<void> {
    const { sent } = this.#options
    const id = `${topic.topicId}/${partition}`
    const say = (what: string): void => this.#violation(`${topic.plan.name}-${partition}: ${what}`)
    const contents = await readLog(log)
    this.#contents.set(id, contents)
    for (const fault of contents.faults) say(fault)
    const names = new Set<string>()
    for (const [offset, { name }] of contents.records) {
      const record = sent.get(name)
      if (record?.partition !== id) say(`${name} at ${offset} was never sent there`)
      if (record?.once === true && names.has(name)) say(`${name} is there twice, though its producer is idempotent`)
      names.add(name)
      next.records.set(offset, name)
    }
    if (contents.startOffset < promises.trimmed) say(`starts at ${contents.startOffset}, below ${promises.trimmed}`)
    if (log.leaderEpoch <= promises.leaderEpoch) say(`has the leader epoch ${log.leaderEpoch} again`)
    this.#checkPromised(topic, promises, contents, say)
    next.trimmed = contents.startOffset
    next.trimAsked = contents.startOffset
    next.leaderEpoch = log.leaderEpoch
    next.lastSequenced = promises.lastSequenced
  }

  #checkPromised({ plan }: TopicPromises, promises: PartitionPromises, contents: LogContents, say: (what: string) => void): void {
    const { sent } = this.#options
    let missing = 0
    for (const [offset, name] of promises.records) {
      const there = contents.records.get(offset)
      if (there?.name === name) continue
      const record = sent.get(name)
      if (there === undefined && this.#mayBeGone(plan, promises, contents, offset, record?.timestampMs ?? 0)) continue
      if (there === undefined && plan.isCompacted && hasLater(contents, sent, offset, record?.key ?? null)) continue
      missing += 1
      if (missing > 3) continue
      const range = `the log has ${contents.startOffset} to ${contents.highWatermark}`
      say(`${name} was promised at ${offset}, there is ${there?.name ?? 'nothing'} (${range})`)
    }
    if (missing > 3) say(`${missing} promised records in all are not there`)
  }

  #mayBeGone(
    { retentionMs }: TopicPromises['plan'],
    { trimAsked }: PartitionPromises,
    { startOffset }: LogContents,
    offset: bigint,
    timestampMs: number,
  ): boolean {
    if (offset >= startOffset) return false
    if (offset < trimAsked) return true
    return retentionMs !== null && timestampMs + retentionMs <= this.#time.nowMs
  }

  async #checkOffsets(groupId: string, { acknowledged, asked }: { acknowledged: bigint; asked: bigint }): Promise<void> {
    const answer = await this.#until('offsets', async () => {
      const groups = [{ groupId, memberId: null, memberEpoch: -1, topics: [{ name: 'plain', partitionIndexes: [0] }] }]
      const response = await this.#connection.ask(offsetFetch, 8, { groups, requireStable: false })
      const group = response.groups[0]
      const error = errorOf(group?.errorCode)
      return { error, offset: group?.topics[0]?.partitions[0]?.committedOffset ?? -1n }
    })
    const { offset } = answer
    if (offset < acknowledged || offset > asked)
      this.#violation(
        `${groupId} has the offset ${offset}; ${acknowledged} was acknowledged, and no later one than ${asked} asked for`,
      )
    this.#next.offsets.set(groupId, { acknowledged: offset, asked: offset })
  }

  /** The log goes on: behind everything that was promised. */
  async #append({ plan, topicId, partitions }: TopicPromises): Promise<void> {
    const { sent } = this.#options
    const timestampMs = this.#time.nowMs
    for (const [partition, { lastSequenced: last }] of partitions.entries()) {
      if (last !== null) await this.#sendAgain(plan.name, topicId, partition, last.bytes, last.baseOffset)
    }
    const key = plan.isCompacted ? 'k0' : null
    const names = partitions.map((_, partition) =>
      sent.add({ partition: `${topicId}/${partition}`, key, timestampMs, once: false }),
    )
    const batch = (name: string) => buildRecordBatch([{ key, timestamp: BigInt(timestampMs), value: valueFor(name, 100) }])
    const answers = await this.#produce(plan.name, () =>
      names.map((name, partition) => ({ topicId, partition, bytes: batch(name) })),
    )
    for (const [partition, { baseOffset }] of answers.entries()) {
      const { highWatermark } = this.#contents.get(`${topicId}/${partition}`)!
      if (baseOffset < highWatermark)
        this.#violation(
          `${plan.name}-${partition}: a new record got the offset ${baseOffset}, the high watermark was ${highWatermark}`,
        )
      this.#next.partition(topicId, partition).records.set(baseOffset, names[partition]!)
    }
  }

  /** What a producer has in doubt it sends again: it must be known. */
  async #sendAgain(topic: string, topicId: string, partition: number, bytes: () => Buffer, expected: bigint): Promise<void> {
    const [answer] = await this.#produce(topic, () => [{ topicId, partition, bytes: bytes() }])
    const { baseOffset } = answer!
    if (baseOffset === expected) return
    this.#violation(`${topic}-${partition}: a batch that was acknowledged at ${expected} was taken again at ${baseOffset}`)
  }

  async #produce(topic: string, batches: () => readonly BatchToSend[]) {
    const { answers } = await this.#until(`appending to ${topic}`, async () => {
      const answers = await send(this.#connection, -1, batches())
      return { error: answers.find(({ error }) => error !== 'NONE')?.error ?? 'NONE', answers }
    })
    return answers
  }

  /** Those that were ended have their markers soon, the others when they time out. */
  async #checkTransactions(): Promise<void> {
    await this.#time.sleep(2 * transactionTimeoutMs)
    const { promised } = this.#options
    const outcomes = new Map<string, string>()
    for (const topic of promised.topics.values()) {
      if (topic.plan.name !== 'ledger') continue
      for (const partition of topic.partitions.keys()) {
        const log = this.#powered.broker!.cluster.partitionLog(topic.topicId, partition)!
        if (log.lastStableOffset !== log.highWatermark)
          this.#violation(
            `${topic.plan.name}-${partition}: a transaction is open from ${log.lastStableOffset} on, and nobody ends it`,
          )
        const { records, faults } = await readLog(log)
        for (const fault of faults) this.#violation(`${topic.plan.name}-${partition}: ${fault}`)
        for (const { name, outcome } of records.values()) outcomes.set(name, outcome)
      }
    }
    for (const [transaction, { outcome, records }] of promised.transactions) {
      const found = new Set(records.map((name) => outcomes.get(name) ?? 'missing'))
      const is = [...found].join(' and ')
      if (outcome === 'committed' && is !== 'committed') this.#violation(`${transaction} was committed; its records are ${is}`)
      if (outcome !== 'committed' && outcome !== 'committing' && found.has('committed'))
        this.#violation(`${transaction} was never to be committed; its records are ${is}`)
      if (outcome === 'committing' && found.has('committed') && is !== 'committed')
        this.#violation(`${transaction} is one transaction; its records are ${is}`)
    }
  }

  async #until<T extends { readonly error: string }>(what: string, ask: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      let error = 'the connection was lost'
      try {
        const answer = await ask()
        if (answer.error === 'NONE') return answer
        error = answer.error
      } catch (lost) {
        if (!(lost instanceof ConnectionLost)) throw lost
      }
      if (attempt === attemptsMax) throw new Error(`${what} is refused with ${error}`)
      await this.#time.sleep(20)
    }
  }

  #violation(what: string): void {
    this.violations.push(what)
  }
}

function hasLater({ records }: LogContents, sent: SentRecords, offset: bigint, key: string | null): boolean {
  for (const [at, { name }] of records) if (at > offset && sent.get(name)?.key === key) return true
  return false
}
