import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Client, Codec } from './client-list.ts'
import { cacheFolder } from './folders.ts'

export interface KeyedRecord {
  readonly key: string
  readonly value: string
}

export interface ReadRecord extends KeyedRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly headers: Readonly<Record<string, string>>
}

/** What a group member was given since it was asked last, and the partitions that it has now. */
export interface MemberState {
  readonly assignment: readonly number[]
  readonly records: readonly ReadRecord[]
}

/** What a driver tells by itself of a member that works on its own, when it happens; `at` is its clock, in milliseconds. */
export type ClientEvent = { readonly member: string; readonly at: number } & (
  | { readonly kind: 'assigned'; readonly generation: number | null; readonly partitions: readonly number[] }
  | { readonly kind: 'revoked' | 'lost'; readonly partitions: readonly number[] }
  | { readonly kind: 'generation'; readonly generation: number }
  | { readonly kind: 'records'; readonly records: readonly (readonly [partition: number, offset: number, value: string])[] }
  | { readonly kind: 'committed'; readonly offsets: readonly (readonly [partition: number, offset: number])[] }
  | { readonly kind: 'refused' | 'failed'; readonly error: string }
  | { readonly kind: 'transaction'; readonly committed: boolean; readonly count: number }
)

/** How a member joins: which protocol, as whom, and with which assignor if not with the client's own. */
export interface Membership {
  readonly protocol: 'classic' | 'consumer'
  readonly instance?: string
  readonly assignor?: string
}

/** Reads a topic, writes each record to another under its transactional id, commits its offsets with them. */
export interface Pipeline extends Pick<Membership, 'protocol'> {
  readonly group: string
  readonly from: string
  readonly to: string
  readonly transactionalId: string
}

interface Waiting {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Error) => void
}

const commandLimitMs = 90_000

/** A client's driver: one process, which answers each line of JSON with one. README.md describes the commands. */
export class ClientProcess implements AsyncDisposable {
  readonly client: Client
  readonly #child: ChildProcessWithoutNullStreams
  readonly #exited: Promise<void>
  readonly #waiting: Waiting[] = []
  readonly #onEvent: (event: ClientEvent) => void
  #errors = ''
  #ended: Error | undefined

  constructor(client: Client, address: string, onEvent: (event: ClientEvent) => void = () => {}) {
    this.client = client
    this.#onEvent = onEvent
    const [program, ...parameters] = client.command
    const environment = { ...process.env, GRETE_CACHE: cacheFolder, NODE_NO_WARNINGS: '1', NODE_OPTIONS: '' }
    this.#child = spawn(program!, [...parameters, address], { env: environment })
    this.#child.stderr.on('data', (text: Buffer) => {
      this.#errors = `${this.#errors}${text}`.slice(-4000)
    })
    this.#child.stdin.on('error', () => {})
    this.#exited = new Promise((resolve) => this.#child.on('close', () => resolve()))
    this.#child.on('error', (error) => this.#fail(error))
    this.#child.on('close', (code) => this.#fail(new Error(`${client.name}: its driver ended with ${code}: ${this.#errors}`)))
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#answer(line))
  }

  async createTopic(topic: string, partitions: number): Promise<void> {
    await this.#send('createTopic', { topic, partitions })
  }

  async produce(topic: string, codec: Codec, headers: Record<string, string>, records: readonly KeyedRecord[]): Promise<void> {
    await this.#send('produce', { topic, codec, headers, records })
  }

  async readAll(topics: readonly string[]): Promise<ReadRecord[]> {
    return ((await this.#send('readAll', { topics })) as { records: ReadRecord[] }).records
  }

  /** Joins a group from the earliest offset where nothing is committed; stops taking records at the limit. */
  async open(member: string, group: string, topic: string, limit = 1_000_000): Promise<void> {
    await this.#send('open', { member, group, topic, limit })
  }

  async poll(member: string): Promise<MemberState> {
    return (await this.#send('poll', { member })) as MemberState
  }

  /** Commits the offsets of all that the member was given. */
  async commit(member: string): Promise<MemberState> {
    return (await this.#send('commit', { member })) as MemberState
  }

  /** Leaves the group. */
  async close(member: string): Promise<MemberState> {
    return (await this.#send('close', { member })) as MemberState
  }

  /** Joins a group as a member that reads on its own and commits each batch when it has told it; events say what it does. */
  async work(member: string, group: string, topic: string, membership: Membership): Promise<void> {
    await this.#send('work', { member, group, topic, ...membership })
  }

  /** Starts a loop of read, process, write under transactions; events say how each ended. */
  async transact(member: string, pipeline: Pipeline): Promise<void> {
    await this.#send('transact', { member, ...pipeline })
  }

  /** Ends what `work` or `transact` began, as a program does that is told to. */
  async leave(member: string): Promise<void> {
    await this.#send('leave', { member })
  }

  /** Settled when its process has ended and all that it told has arrived. */
  get exited(): Promise<void> {
    return this.#exited
  }

  /** Why it ended, if it did. */
  get failure(): string {
    return this.#ended?.message ?? ''
  }

  /** Kills it where it stands; what it had told by then has arrived when this is done. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exited
  }

  async stop(): Promise<void> {
    this.#child.stdin.end()
    const overdue = setTimeout(() => this.#child.kill('SIGKILL'), 5_000)
    await this.#exited
    clearTimeout(overdue)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #send(command: string, fields: object): Promise<unknown> {
    if (this.#ended) return Promise.reject(this.#ended)
    return new Promise((resolve, reject) => {
      const overdue = setTimeout(() => {
        this.#fail(new Error(`${this.client.name}: no answer to ${command} in ${commandLimitMs / 1000} s: ${this.#errors}`))
        this.#child.kill('SIGKILL')
      }, commandLimitMs)
      const settled = <T>(settle: (value: T) => void) => {
        return (value: T): void => {
          clearTimeout(overdue)
          settle(value)
        }
      }
      this.#waiting.push({ resolve: settled(resolve), reject: settled(reject) })
      this.#child.stdin.write(`${JSON.stringify({ command, ...fields })}\n`)
    })
  }

  #answer(line: string): void {
    if (line.startsWith('{"event"')) {
      const event = parseEvent(line)
      if (event) this.#onEvent(event)
      return
    }
    // Libraries that print to standard output do not speak our protocol.
    if (!line.startsWith('{"result"') && !line.startsWith('{"error"')) return
    const { result, error } = JSON.parse(line) as { result?: unknown; error?: string }
    const first = this.#waiting.shift()
    if (error === undefined) first?.resolve(result)
    else first?.reject(new Error(`${this.client.name}: ${error}\n${this.#errors}`))
  }

  #fail(error: Error): void {
    this.#ended ??= error
    for (const waiting of this.#waiting.splice(0)) waiting.reject(this.#ended)
  }
}

/** A process that is killed may leave half a line. */
function parseEvent(line: string): ClientEvent | undefined {
  try {
    return (JSON.parse(line) as { event: ClientEvent }).event
  } catch {
    return undefined
  }
}
