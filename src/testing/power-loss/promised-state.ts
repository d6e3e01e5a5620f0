/** What a topic allows to happen to its records, apart from their loss. */
export interface TopicPlan {
  readonly name: string
  readonly partitions: number
  readonly configs: Readonly<Record<string, string>>
  /** Older records may go when a segment has only such. */
  readonly retentionMs: number | null
  /** A record may go when there is a later one of its key. */
  readonly isCompacted: boolean
}

/** A batch of an idempotent producer that was acknowledged: sent again it must be known. */
export interface SequencedBatch {
  readonly bytes: () => Buffer
  readonly baseOffset: bigint
}

export class PartitionPromises {
  /** By offset, what was acknowledged with acks=all or seen by a consumer: the name of the record there. */
  readonly records = new Map<bigint, string>()
  /** DeleteRecords was asked up to here. */
  trimAsked = 0n
  /** DeleteRecords was answered: the log starts here or later. */
  trimmed = 0n
  leaderEpoch = -1
  lastSequenced: SequencedBatch | null = null
}

export interface TopicPromises {
  readonly plan: TopicPlan
  readonly topicId: string
  /** Its deletion was asked for: it may be there or not. Answered: it is not. */
  deletion: 'none' | 'asked' | 'done'
  readonly partitions: readonly PartitionPromises[]
}

export type TransactionOutcome = 'open' | 'committing' | 'committed' | 'aborting' | 'aborted'

/** What clients could rely on at one moment. */
export class PromisedState {
  readonly topics = new Map<string, TopicPromises>()
  /** Of each group, for one partition: the commit that was acknowledged last, and the last that was asked for. */
  readonly offsets = new Map<string, { acknowledged: bigint; asked: bigint }>()
  readonly transactions = new Map<string, { outcome: TransactionOutcome; readonly records: readonly string[] }>()
  nowMs = 0

  partition(topicId: string, partition: number): PartitionPromises {
    return this.topics.get(topicId)!.partitions[partition]!
  }
}

type Change = (state: PromisedState) => void

/** Everything that was promised in a run, each with the number of disk operations that there were by then. */
export class PromiseLog {
  readonly #entries: { readonly at: number; readonly change: Change }[] = []
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  add(change: Change): void {
    this.#entries.push({ at: this.#now(), change })
  }

  /** Follows the run from its beginning; ask for rising moments. */
  reader(): (until: number) => PromisedState {
    const state = new PromisedState()
    let next = 0
    return (until) => {
      for (let entry = this.#entries[next]; entry !== undefined && entry.at <= until; entry = this.#entries[++next]) {
        entry.change(state)
      }
      return state
    }
  }
}
