import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { CommandProcess } from '../command-process.ts'
import { cacheFolder, testsFolder } from '../folders.ts'

/** A partition as clients see it; records, producers and look-ups are lines of text, made to be compared. */
export interface LogState {
  readonly start: number
  readonly stable: number
  readonly end: number
  readonly records: readonly string[]
  /** The offsets that a read_committed consumer gets. */
  readonly committed: readonly number[]
  readonly producers: readonly string[]
  readonly times?: Readonly<Record<string, string>>
}

export interface TopicState {
  readonly id: string
  readonly partitions: string
  readonly configs: Readonly<Record<string, string>>
}

/** All that clients see of a broker. */
export interface DirectoryState {
  readonly clusterId: string
  readonly features: Readonly<Record<string, number>>
  readonly topics: Readonly<Record<string, TopicState>>
  readonly logs: Readonly<Record<string, LogState>>
  /** The folder in which each partition lies. */
  readonly directories: Readonly<Record<string, string>>
  readonly groups: Readonly<Record<string, { readonly kind: string; readonly offsets: Readonly<Record<string, string>> }>>
  readonly transactions: Readonly<Record<string, string>>
  /** Null where the broker does not answer the question. */
  readonly kept: Readonly<Record<string, string | null>>
}

export type Acknowledged = readonly (readonly [topic: string, partition: number, offset: number, timestamp: number])[]

/** What clients that stay got, and what of it was wrong. */
export interface Tally {
  readonly count: number
  readonly faults: readonly string[]
}

export interface Dump {
  readonly output: string
  readonly errors: string
}

const classes = join(cacheFolder, 'data-directory', 'classes')
const libraries = join(cacheFolder, 'kafka-reference', 'lib', '*')
const logging = join(testsFolder, 'data-directory', 'log4j2.properties')

/** Says why nothing can be tried; undefined: all is there. */
export function missingForDirectories(): string | undefined {
  return [join(classes, 'DirectoryDriver.class')].find((file) => !existsSync(file))
}

/** The Java program of `src/`: clients that stay while brokers come and go behind one address. */
export class DirectoryClient implements AsyncDisposable {
  readonly #process: CommandProcess

  constructor(address: string) {
    const java = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xmx512m', `-Dlog4j2.configurationFile=${logging}`]
    const words = ['java', ...java, '-cp', `${classes}:${libraries}`, 'DirectoryDriver', address]
    this.#process = new CommandProcess('data-directory', words)
  }

  /** Makes topics, groups and producers of a phase. */
  async begin(phase: string): Promise<Acknowledged> {
    return ((await this.#process.send('begin', { phase })) as { acknowledged: Acknowledged }).acknowledged
  }

  /** Goes on with what the phases before left. */
  async continue(phase: string): Promise<Acknowledged> {
    return ((await this.#process.send('continue', { phase })) as { acknowledged: Acknowledged }).acknowledged
  }

  /** Members of groups join that stay, one in each protocol, and read what is written to the phase's plain topic. */
  async join(phase: string): Promise<void> {
    await this.#process.send('join', { phase })
  }

  /** What the members that stay were given, when they have read all. */
  async catchUp(): Promise<Tally> {
    return (await this.#process.send('catchUp')) as Tally
  }

  /** Begins to write, and goes on until `settle` while one broker takes the place of another. */
  async burst(): Promise<void> {
    await this.#process.send('burst')
  }

  async settle(): Promise<Tally> {
    return (await this.#process.send('settle')) as Tally
  }

  async describe(): Promise<DirectoryState> {
    return (await this.#process.send('describe')) as DirectoryState
  }

  /** Runs kafka-dump-log. */
  async dump(parameters: readonly string[]): Promise<Dump> {
    return (await this.#process.send('dump', { arguments: parameters })) as Dump
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop()
  }
}
