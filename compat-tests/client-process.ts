import type { Client, Codec } from './client-list.ts'
import { CommandProcess } from './command-process.ts'

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

/** A client's driver: one process, which answers each line of JSON with one. README.md describes the commands. */
export class ClientProcess implements AsyncDisposable {
  readonly client: Client
  readonly #process: CommandProcess

  constructor(client: Client, address: string, onEvent: (event: ClientEvent) => void = () => {}) {
    this.client = client
    this.#process = new CommandProcess(client.name, [...client.command, address], (event) => onEvent(event as ClientEvent))
  }

  async createTopic(topic: string, partitions: number): Promise<void> {
    await this.#process.send('createTopic', { topic, partitions })
  }

  async produce(topic: string, codec: Codec, headers: Record<string, string>, records: readonly KeyedRecord[]): Promise<void> {
    await this.#process.send('produce', { topic, codec, headers, records })
  }

  async readAll(topics: readonly string[]): Promise<ReadRecord[]> {
    return ((await this.#process.send('readAll', { topics })) as { records: ReadRecord[] }).records
  }

  /** Joins a group from the earliest offset where nothing is committed; stops taking records at the limit. */
  async open(member: string, group: string, topic: string, limit = 1_000_000): Promise<void> {
    await this.#process.send('open', { member, group, topic, limit })
  }

  async poll(member: string): Promise<MemberState> {
    return (await this.#process.send('poll', { member })) as MemberState
  }

  /** Commits the offsets of all that the member was given. */
  async commit(member: string): Promise<MemberState> {
    return (await this.#process.send('commit', { member })) as MemberState
  }

  /** Leaves the group. */
  async close(member: string): Promise<MemberState> {
    return (await this.#process.send('close', { member })) as MemberState
  }

  /** Joins a group as a member that reads on its own and commits each batch when it has told it; events say what it does. */
  async work(member: string, group: string, topic: string, membership: Membership): Promise<void> {
    await this.#process.send('work', { member, group, topic, ...membership })
  }

  /** Starts a loop of read, process, write under transactions; events say how each ended. */
  async transact(member: string, pipeline: Pipeline): Promise<void> {
    await this.#process.send('transact', { member, ...pipeline })
  }

  /** Ends what `work` or `transact` began, as a program does that is told to. */
  async leave(member: string): Promise<void> {
    await this.#process.send('leave', { member })
  }

  /** Settled when its process has ended and all that it told has arrived. */
  get exited(): Promise<void> {
    return this.#process.exited
  }

  /** Why it ended, if it did. */
  get failure(): string {
    return this.#process.failure
  }

  /** Kills it where it stands; what it had told by then has arrived when this is done. */
  kill(): Promise<void> {
    return this.#process.kill()
  }

  stop(): Promise<void> {
    return this.#process.stop()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}
