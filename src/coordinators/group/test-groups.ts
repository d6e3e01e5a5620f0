import type { CoordinatorRecord, Decision, Input, Producer } from '../machine.ts'
import { TestTimers } from '../test-timers.ts'
import { builtInAssignors } from './assignors/built-in-assignors.ts'
import type { ResolvedRegexes, ResolveRegexes } from './consumer/consumer-request.ts'
import type { ConsumerGroupConfig } from './consumer/group-topics.ts'
import { TestTopics } from './consumer/test-topics.ts'
import { GroupMachine } from './group-machine.ts'
import type { GroupRequest } from './group-request.ts'
import type { GroupSettings } from './group-settings.ts'

export const testSettings: GroupSettings = {
  minSessionTimeoutMs: 6000,
  maxSessionTimeoutMs: 1_800_000,
  evictOnDisconnectMs: null,
  initialRebalanceDelayMs: 3000,
  membersMax: 1000,
  pendingMembersMax: 100,
  memberBytesMax: 8_000_000,
  offsetMetadataLengthMax: 16,
  offsetsRetentionMs: 7 * 24 * 3_600_000,
  offsetsRetentionCheckIntervalMs: 600_000,
  consumerMembersMax: 1000,
  consumerAssignors: builtInAssignors,
  migrationPolicy: 'bidirectional',
  regexRefreshIntervalMs: 600_000,
  batchBytesMax: 1_000_000,
}

export interface TestCaller {
  readonly version?: number
  readonly clientId?: string
  /** Without, each request has its own. */
  readonly connection?: number
}

/** The marker of a transaction's end, as it stands in the log. */
export interface TransactionEnd {
  readonly producer: Producer
  readonly commit: boolean
}

/** What a step led to, in the order in which it came out. */
export interface Outcome {
  /** The timer that fired, for the steps of an advance. */
  readonly timer: string | null
  readonly decision: Decision<ResolveRegexes>
}

/**
 * A machine with what a runtime would give it: a log that takes every record, timers on a clock of its own, and random
 * ids that can be read: 1, 2, 3.
 */
export class TestGroups {
  readonly log: (CoordinatorRecord | TransactionEnd)[] = []
  readonly settings: GroupSettings
  /** Requests without an answer, by id. */
  readonly open = new Map<number, GroupRequest>()
  readonly topics = new TestTopics()
  /** What the runtime was asked to do and has not done yet. */
  readonly effects: ResolveRegexes[] = []
  consumerConfig: ConsumerGroupConfig = { sessionTimeoutMs: 45_000, heartbeatIntervalMs: 5000, assignmentIntervalMs: 0 }
  machine: GroupMachine
  #requestId = 0
  #uuid = 0
  readonly #timers = new TestTimers()

  constructor(settings: Partial<GroupSettings> = {}) {
    this.settings = { ...testSettings, ...settings }
    this.machine = new GroupMachine(this.settings)
    this.#step({ kind: 'loaded' })
  }

  get nowMs(): number {
    return this.#timers.nowMs
  }

  get lastRequestId(): number {
    return this.#requestId
  }

  request(request: GroupRequest, { version = 9, clientId = 'client', connection }: TestCaller = {}): Decision<ResolveRegexes> {
    const id = ++this.#requestId
    this.open.set(id, request)
    const caller = { version, clientId, clientHost: '127.0.0.1', principal: 'User:ANONYMOUS', connection: connection ?? -id }
    return this.#step({ kind: 'request', id, request, caller })
  }

  /** The runtime does what it was first asked to do; undefined: nothing is to be done. */
  runEffect(): Decision<ResolveRegexes> | undefined {
    const effect = this.effects.shift()
    if (effect === undefined) return undefined
    return this.#step({ kind: 'effect', effect, result: this.topics.resolve(effect, this.nowMs) })
  }

  /** The end of a connection; what waited for an answer there gets none. */
  closed(connection: number): Decision<ResolveRegexes> {
    return this.#step({ kind: 'closed', connection })
  }

  topicsDeleted(deletedTopics: readonly string[]): Decision<ResolveRegexes> {
    for (const topic of deletedTopics) this.topics.delete(topic)

    return this.#step({ kind: 'image', deletedTopics })
  }

  endTransaction(producer: Producer, commit: boolean): void {
    this.log.push({ producer, commit })
    this.machine.replayMarker(producer, commit)
  }

  /** Time passes; timers fire in the order in which they fall due. */
  advance(milliseconds: number): readonly Outcome[] {
    return this.#timers.advance(milliseconds, (timer) => ({ timer, decision: this.#step({ kind: 'timer', key: timer }) }))
  }

  /** All that no record carries is gone; clients see their connections end. */
  restart(): Decision<ResolveRegexes> {
    this.open.clear()
    this.effects.length = 0
    this.#timers.clear()
    this.machine = this.replayed()
    return this.#step({ kind: 'loaded' })
  }

  /** Another machine, from the log alone. */
  replayed(): GroupMachine {
    const machine = new GroupMachine(this.settings)
    for (const [offset, entry] of this.log.entries()) {
      if ('commit' in entry) machine.replayMarker(entry.producer, entry.commit)
      else machine.replay(BigInt(offset), entry)
    }
    return machine
  }

  timerNames(): readonly string[] {
    return this.#timers.names()
  }

  #step(input: Input<GroupRequest, ResolveRegexes, ResolvedRegexes>): Decision<ResolveRegexes> {
    const random = { uuid: () => String(++this.#uuid) }
    const image = {
      memberRoomBytes: this.settings.memberBytesMax - this.machine.retainedBytes,
      topics: this.topics,
      consumerConfig: () => this.consumerConfig,
    }
    const decision = this.machine.decide(input, image, this.nowMs, random)
    for (const record of decision.records) {
      this.machine.replay(BigInt(this.log.length), record)
      this.log.push(record)
    }
    for (const { id } of decision.replies) {
      if (!this.open.delete(id)) throw new Error(`Request ${id} is not open and was answered.`)
    }
    this.effects.push(...decision.effects)
    this.#timers.change(decision.timers)
    return decision
  }
}

/** Metadata of the consumer protocol, version 0, that subscribes to topics. */
export function subscription(topics: readonly string[]): Buffer {
  const names = topics.map((topic) => {
    const name = Buffer.from(topic)
    const length = Buffer.alloc(2)
    length.writeInt16BE(name.length)
    return Buffer.concat([length, name])
  })
  const head = Buffer.alloc(6)
  head.writeInt32BE(topics.length, 2)
  return Buffer.concat([head, ...names, Buffer.alloc(4)])
}
