import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { BrokerProcess, defaultBrokerCommand } from '../broker-process.ts'
import { waitUntil } from '../wait-until.ts'
import { type Acknowledged, DirectoryClient, type DirectoryState } from './directory-client.ts'
import { differencesOfStates, missingRecords, withUntold } from './directory-differences.ts'
import { dumpDirectories } from './dump-log.ts'
import { hurriedProperties } from './hurried-properties.ts'
import { changesOfLogFiles, checkpointLines, filesEndingIn, type LogFiles, METADATA, readLogFiles } from './log-files.ts'
import { offsetOf, trimMetadataLog } from './metadata-trim.ts'

/** Who opens the directory next, and how it is ended. */
export type Stop = 'kafka' | 'grete' | 'kafka, killed' | 'grete, killed'

export interface JourneyOptions {
  readonly stops: readonly Stop[]
  /** static: controller.quorum.voters; bootstrap: controller.quorum.bootstrap.servers, as in Kafka's quick start. */
  readonly quorum: 'static' | 'bootstrap'
  readonly directories?: number
  /** Whether the test waits until Kafka itself has deleted what its newest metadata snapshot covers, once a minute. */
  readonly trimmed?: 'by Kafka' | 'as by Kafka'
}

const commands = {
  kafka: 'compat-tests/apache-kafka/control.sh',
  grete: process.env['BROKER_CMD'] || defaultBrokerCommand,
}

/** Vouches for all logs of its directory, so that the next broker need not look into them. */
const CLEAN_STOP = '.kafka_cleanshutdown'

/** What Kafka tells at the start on any directory: its halves find each other, and on a busy machine that takes a while. */
const usualWarnings =
  / WARN (?:NetworkClient|RaftManager|QuorumController) | ERROR EventPerformanceMonitor | ERROR ControllerApis .*CONTROLLER_REGISTRATION/

/** One data directory that brokers open in turn; whatever is not as the one before left it is a fault. */
export class Journey implements AsyncDisposable {
  readonly faults: string[] = []
  readonly #broker: BrokerProcess
  readonly #client: DirectoryClient
  readonly #directories: readonly string[]
  readonly #trimmed: JourneyOptions['trimmed']
  #state: DirectoryState | undefined
  #files: LogFiles | undefined
  #acknowledged: Acknowledged = []
  #count = 0

  private constructor(broker: BrokerProcess, directories: readonly string[], trimmed: JourneyOptions['trimmed']) {
    this.#trimmed = trimmed
    this.#broker = broker
    this.#directories = directories
    this.#client = new DirectoryClient(broker.address)
  }

  static async prepare({ quorum, directories = 1, trimmed = 'as by Kafka' }: JourneyOptions): Promise<Journey> {
    const names = Array.from({ length: directories }, (_, index) => (index === 0 ? 'data' : `data-${index + 1}`))
    const broker = await BrokerProcess.prepare({
      properties: (own, folder) => {
        const voters = own['controller.quorum.voters']!
        const withoutVoters = {
          'controller.quorum.voters': null,
          'controller.quorum.bootstrap.servers': voters.replace(/^1@/, ''),
        }
        const logDirs = names.map((name) => join(folder, name)).join(',')
        return { ...hurriedProperties, ...(quorum === 'bootstrap' ? withoutVoters : {}), 'log.dirs': logDirs }
      },
    })
    return new Journey(
      broker,
      names.map((name) => join(broker.folder, name)),
      trimmed,
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]()
    await this.#broker.stop()
  }

  /** Opens it with the next broker, looks for all that the last one left, uses it, and ends the broker. */
  async visit(stop: Stop): Promise<void> {
    const phase = `p${this.#count}`
    const name = `${phase}, ${stop}`
    const kind = stop.startsWith('kafka') ? 'kafka' : 'grete'
    await this.#start(kind, name)
    if (this.#state) await this.#compare(name, this.#state)
    await this.#use(phase, name)
    if (kind === 'kafka') await this.#waitForChores(phase)
    const state = await this.#describe()
    this.#state = this.#state ? withUntold(state, this.#state) : state
    this.#note(name, missingRecords(this.#remaining(), this.#state))
    // Producers go on writing while it ends, and until the next one is there.
    await this.#client.burst()
    await this.#broker.end(stop.endsWith('killed') ? 'SIGKILL' : 'SIGTERM')
    await this.#lookAtFiles(name, stop.endsWith('killed'))
    if (kind === 'kafka' && this.#trimmed === 'as by Kafka') trimMetadataLog(join(this.#directories[0]!, METADATA))
    this.#count++
  }

  async #compare(name: string, left: DirectoryState): Promise<void> {
    this.#note(name, differencesOfStates(left, await this.#describe()))
    this.#note(`${name}, written meanwhile`, (await this.#client.settle()).faults)
  }

  async #use(phase: string, name: string): Promise<void> {
    const wentOn = await this.#client.continue(phase)
    this.#acknowledged = [...this.#acknowledged, ...wentOn, ...(await this.#client.begin(phase))]
    await this.#client.join(phase)
    this.#note(`${name}, members`, (await this.#client.catchUp()).faults)
  }

  async #lookAtFiles(name: string, killed: boolean): Promise<void> {
    const files = readLogFiles(this.#directories)
    if (this.#files) this.#note(name, changesOfLogFiles(this.#files, files))
    this.#files = files
    if (killed) return
    const missing = this.#directories.map((directory) => join(directory, CLEAN_STOP)).filter((file) => !existsSync(file))
    this.#note(`${name}, missing`, missing)
    const { complaints } = await dumpDirectories(this.#client, this.#directories)
    this.#note(`${name}, kafka-dump-log`, complaints)
  }

  async #start(kind: 'kafka' | 'grete', name: string): Promise<void> {
    this.#broker.command = commands[kind]
    const printed = this.#count === 0 ? 0 : this.#broker.output.length
    await this.#broker.start()
    await this.#describe()
    const warnings = this.#broker.output
      .slice(printed)
      .split('\n')
      .filter((line) => / (?:WARN|ERROR) /.test(line) && !usualWarnings.test(line))
    this.#note(`${name}, at its start`, warnings)
  }

  /** A broker that has just begun may have no leaders, or load its groups. */
  async #describe(): Promise<DirectoryState> {
    let last = ''
    return await waitUntil(
      async () => {
        try {
          return await this.#client.describe()
        } catch (error) {
          last = String(error)
          return undefined
        }
      },
      () => `the broker tells all of itself: ${last}\n${this.#broker.output.slice(-3000)}`,
      40_000,
    )
  }

  /** What Kafka does when it comes to it: compaction, its checkpoint of log starts, snapshots, and what these allow to delete. */
  async #waitForChores(phase: string): Promise<void> {
    const lines = (file: string): string[] => this.#directories.flatMap((directory) => checkpointLines(join(directory, file)))
    const metadata = join(this.#directories[0]!, METADATA)
    const isDone = (): boolean =>
      lines('cleaner-offset-checkpoint').filter((line) => line.startsWith(`compacted-${phase} `)).length === 2 &&
      lines('log-start-offset-checkpoint').includes(`started-${phase} 0 25`) &&
      filesEndingIn(metadata, '.checkpoint').some((file) => offsetOf(file) > 0) &&
      (this.#trimmed === 'as by Kafka' || filesEndingIn(metadata, '.log').every((file) => offsetOf(file) > 0))
    await waitUntil(
      async () => isDone() || undefined,
      () => `${phase} is compacted, its log start stored, the metadata log shortened: ${readdirSync(metadata)}`,
      120_000,
    )
  }

  /** Without what was deleted since. */
  #remaining(): Acknowledged {
    return this.#acknowledged.filter(([topic]) => this.#state!.topics[topic] !== undefined)
  }

  /** The first of many say enough. */
  #note(where: string, faults: readonly string[]): void {
    const count = 12
    for (const fault of faults.slice(0, count)) this.faults.push(`${where}: ${fault.slice(0, 600)}`)
    if (faults.length > count) this.faults.push(`${where}: and ${faults.length - count} more`)
  }
}
