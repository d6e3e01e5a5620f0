import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { BrokerProcess } from './broker-process.ts'
import { type Client, findClient } from './client-list.ts'
import { type ClientEvent, ClientProcess, type Membership, type ReadRecord } from './client-process.ts'
import { randomBelow } from './random-below.ts'
import { waitUntil } from './wait-until.ts'

export interface PipelineOptions {
  /** How many work at a time, in one group. */
  readonly instances: number
  /** The protocols of its group; only the first of them in a short run. */
  readonly protocols: readonly Membership['protocol'][]
}

const partitions = 4
const long = process.env['COMPAT_LONG'] === '1'
const batchCount = long ? 120 : 40
const batchSize = 50
const mark = 'end'
const killCount = long ? 12 : 4
const brokerKillCount = long ? 3 : 1
/** A worker may also end by itself, where its client knows nothing better after a failure; one that always does is broken. */
const startsMax = 60

/** So that the partitions of a worker that was killed are soon another's. */
const properties = {
  'group.min.session.timeout.ms': '1000',
  'group.consumer.session.timeout.ms': '3000',
  'group.consumer.min.session.timeout.ms': '3000',
  'group.consumer.heartbeat.interval.ms': '300',
  'group.consumer.min.heartbeat.interval.ms': '300',
}

/** Records are read, written to another topic and their offsets committed in transactions; workers and broker are killed. */
export function transactionsUnderKills(name: string, options: PipelineOptions): void {
  const client = findClient(name)
  describe(`transactions of ${name}`, () => {
    if (client.missing) {
      test(`${name} runs`, () => {
        throw new Error(`not run: ${client.missing} is missing; compat-tests/setup.sh installs it`)
      })
      return
    }
    const seed = Number(process.env['KILL_SEED'] ?? Date.now() % 1_000_000)
    const protocols = long ? options.protocols : options.protocols.slice(0, 1)
    test.each(protocols)(
      '%s protocol: read, process, write: each input is in the output exactly once after workers and broker were killed',
      async (protocol) => {
        console.log(`${name}: KILL_SEED=${seed}`)
        await using broker = await BrokerProcess.start({ properties })
        await using pipelines = new Pipelines(client, broker, options.instances, protocol, seed)
        await pipelines.run()
      },
      long ? 600_000 : 240_000,
    )
  })
}

class Pipelines implements AsyncDisposable {
  readonly #client: Client
  readonly #broker: BrokerProcess
  readonly #workers: Worker[]
  readonly #input: string[] = []
  readonly #writer: ClientProcess
  readonly #reader: ClientProcess
  readonly #random: (below: number) => number
  #starts = 0
  #finished = false

  constructor(client: Client, broker: BrokerProcess, instances: number, protocol: Membership['protocol'], seed: number) {
    this.#client = client
    this.#broker = broker
    this.#random = randomBelow(seed)
    this.#writer = new ClientProcess(client, broker.address)
    this.#reader = new ClientProcess(client, broker.address)
    this.#workers = Array.from({ length: instances }, (_, n) => new Worker(client, broker, `worker-${n}`, protocol))
  }

  async run(): Promise<void> {
    await this.#writer.createTopic('input', partitions)
    await this.#writer.createTopic('output', partitions)
    const kept = this.#workers.map((worker) => this.#keepRunning(worker))
    // A worker that cannot be kept running ends the test at once.
    await Promise.race([Promise.all([this.#killWhileWriting()]), ...kept.map((one) => one.then(() => new Promise(() => {})))])
    await this.#haveAllPassedOn()
    this.#finished = true
    for (const worker of this.#workers) await worker.leave()
    await Promise.all(kept)
    await this.#expectExactlyOnce()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#finished = true
    await Promise.all([this.#writer, this.#reader, ...this.#workers].map((process) => process.stop()))
  }

  async #keepRunning(worker: Worker): Promise<void> {
    while (!this.#finished) {
      if (++this.#starts > startsMax) throw new Error(`${worker.name} ends again and again: ${worker.lastWords}`)
      // What fails here is a process that ended; the next one begins where it stood.
      await worker.runToItsEnd()
    }
  }

  /** Kills come between the batches of input, after so many more transactions, so that each comes amid work. */
  async #killWhileWriting(): Promise<void> {
    const kills = [...Array(killCount).fill('worker'), ...Array(brokerKillCount).fill('broker')] as string[]
    kills.sort(() => this.#random(3) - 1)
    const batchesBetween = Math.floor(batchCount / (kills.length + 1))
    for (const victim of kills) {
      for (let batch = 0; batch < batchesBetween; batch++) await this.#write()
      await this.#waitForTransactions(1 + this.#random(8))
      await wait(this.#random(40))
      if (victim === 'worker') await this.#workers[this.#random(this.#workers.length)]!.kill()
      else {
        await this.#broker.end('SIGKILL')
        await this.#broker.start()
      }
    }
    while (this.#input.length < batchCount * batchSize) await this.#write()
  }

  async #write(): Promise<void> {
    const first = this.#input.length
    const records = Array.from({ length: batchSize }, (_, n) => ({ key: `key-${first + n}`, value: `record ${first + n}` }))
    await this.#writer.produce('input', 'none', {}, records)
    this.#input.push(...records.map(({ value }) => value))
  }

  /** Transactions that committed, by what the workers told; a kill between a commit and its telling makes it one too few. */
  get #passedOn(): number {
    return this.#workers.reduce((sum, { passedOn }) => sum + passedOn, 0)
  }

  get #transactions(): number {
    return this.#workers.reduce((sum, { committed, aborted }) => sum + committed + aborted, 0)
  }

  async #waitForTransactions(count: number): Promise<void> {
    const target = this.#transactions + count
    await waitUntil(
      async () => this.#transactions >= target || this.#passedOn >= this.#input.length || undefined,
      () => `${count} transactions more at ${Date.now()}; ${this.#describe()}\n${this.#describeEvents()}`,
    )
  }

  async #haveAllPassedOn(): Promise<void> {
    let read = new Set<string>()
    await waitUntil(
      async () => {
        read = new Set((await this.#readOutput()).map(({ value }) => value))
        return this.#input.every((value) => read.has(value)) || undefined
      },
      () => {
        const missed = this.#input.filter((value) => !read.has(value))
        return `the output holds ${this.#input.length} records; missed are ${missed.length}, such as ${missed.slice(0, 5)}; ${this.#describe()}\n${this.#describeEvents()}`
      },
      120_000,
    )
  }

  /**
   * All that was committed by now. A reader that sees no control records does not notice that it has passed the last of them: so a few records
   * without transaction are written behind it, again and again, since workers still write.
   */
  async #readOutput(): Promise<ReadRecord[]> {
    let read: ReadRecord[] | undefined
    const reading = this.#reader.readAll(['output']).then((records) => {
      read = records
    })
    const marks = Array.from({ length: 64 }, (_, n) => ({ key: `end-${n}`, value: mark }))
    while (read === undefined) {
      await this.#writer.produce('output', 'none', {}, marks)
      await Promise.race([reading, wait(500)])
    }
    return read.filter(({ value }) => value !== mark)
  }

  /** The input is what its topic holds: a writer that is not idempotent may have written a batch twice. */
  async #expectExactlyOnce(): Promise<void> {
    const wanted = new Map<string, number>()
    for (const { value } of await this.#reader.readAll(['input'])) wanted.set(value, (wanted.get(value) ?? 0) + 1)
    const places = new Map<string, string[]>()
    for (const { value, partition, offset } of await this.#readOutput())
      places.set(value, [...(places.get(value) ?? []), `${partition}@${offset}`])
    const missed = [...wanted.keys()].filter((value) => (places.get(value)?.length ?? 0) < wanted.get(value)!)
    const doubled = [...places]
      .filter(([value, found]) => found.length > (wanted.get(value) ?? 0))
      .map(([value, found]) => `${value}, ${wanted.get(value) ?? 0} times in the input, at ${found.join(', ')} of the output`)
    console.log(this.#describe())
    expect({ missed: missed.slice(0, 10), doubled: doubled.slice(0, 10) }).toEqual({ missed: [], doubled: [] })
  }

  #describeEvents(): string {
    return this.#workers.map(({ name, lastEvents }) => `${name} told last:\n  ${lastEvents}`).join('\n')
  }

  #describe(): string {
    const workers = this.#workers.map(
      ({ name, committed, aborted, refused, starts, lastWords }) =>
        `${name}: ${committed} committed, ${aborted} aborted, ${refused} refused, started ${starts} times; ${lastWords}`,
    )
    return `${this.#client.name}: ${this.#input.length} records; ${workers.join('\n')}`
  }
}

/** One place of the group, and the process that has it now. */
class Worker {
  readonly name: string
  readonly #client: Client
  readonly #broker: BrokerProcess
  readonly #protocol: Membership['protocol']
  #process: ClientProcess | undefined
  committed = 0
  aborted = 0
  refused = 0
  passedOn = 0
  starts = 0
  lastWords = ''
  readonly #lastEvents: string[] = []

  constructor(client: Client, broker: BrokerProcess, name: string, protocol: Membership['protocol']) {
    this.#protocol = protocol
    this.#client = client
    this.#broker = broker
    this.name = name
  }

  async runToItsEnd(): Promise<void> {
    this.starts++
    const process = new ClientProcess(this.#client, this.#broker.address, (event) => this.#note(event))
    this.#process = process
    try {
      const pipeline = { group: 'pipeline', protocol: this.#protocol, from: 'input', to: 'output', transactionalId: this.name }
      await process.transact(this.name, pipeline)
      await process.exited
    } catch (error) {
      this.lastWords = (error as Error).message
    } finally {
      await process.stop()
    }
  }

  async kill(): Promise<void> {
    await this.#process?.kill()
  }

  get lastEvents(): string {
    return this.#lastEvents.join('\n  ')
  }

  async leave(): Promise<void> {
    await this.#process?.leave(this.name).catch(() => {})
    await this.stop()
  }

  async stop(): Promise<void> {
    await this.#process?.stop()
  }

  #note(event: ClientEvent): void {
    this.#lastEvents.push(JSON.stringify(event).slice(0, 200))
    if (this.#lastEvents.length > 6) this.#lastEvents.shift()
    if (event.kind === 'transaction' && event.committed) {
      this.committed++
      this.passedOn += event.count
    } else if (event.kind === 'transaction') this.aborted++
    else if (event.kind === 'refused') {
      this.refused++
      this.lastWords = `last refused: ${event.error.slice(0, 300)}`
    }
  }
}
