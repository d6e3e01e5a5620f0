import { OffsetTable } from './offset-table.ts'
import { PendingOffsets } from './pending-offsets.ts'

/** The offset that a group has committed for one partition. */
export interface CommittedOffset {
  readonly offset: bigint
  /** -1: not known. */
  readonly leaderEpoch: number
  readonly metadata: string
  readonly commitTimestampMs: bigint
  /** Set only by clients that name a retention (OffsetCommit 2 to 4). */
  readonly expireTimestampMs: bigint | null
  /** The zero id if the commit named the topic by its name. */
  readonly topicId: string
}

/** A committed offset with the log offset of its record, which says what was committed later. */
export interface StoredOffset extends CommittedOffset {
  readonly recordOffset: bigint
}

/** Where a committed offset stands. */
interface At {
  readonly groupId: string
  readonly topic: string
  readonly partition: number
}

/** The committed offsets of all groups of a machine, and those of transactions that have not ended. Only replay changes them. */
export class Offsets {
  readonly #committed = new OffsetTable<StoredOffset>()
  readonly #pending = new PendingOffsets()

  get(groupId: string, topic: string, partition: number): StoredOffset | undefined {
    return this.#committed.get(groupId, topic, partition)
  }

  /** By topic, then by partition; undefined if the group has none. */
  ofGroup(groupId: string): ReadonlyMap<string, ReadonlyMap<number, StoredOffset>> | undefined {
    return this.#committed.ofGroup(groupId)
  }

  /** A transaction holds an offset of the partition, so that the committed one may soon be another. */
  isPending(groupId: string, topic: string, partition: number): boolean {
    return this.#pending.has(groupId, topic, partition)
  }

  hasPending(groupId: string): boolean {
    return this.#pending.ofGroup(groupId) !== undefined
  }

  /** All partitions that the group has an offset of, committed or pending, each once. */
  *partitionsOf(groupId: string): Generator<{ topic: string; partition: number }, void, undefined> {
    for (const [topic, partitions] of this.#committed.ofGroup(groupId) ?? []) {
      for (const partition of partitions.keys()) yield { topic, partition }
    }
    for (const [topic, partitions] of this.#pending.ofGroup(groupId) ?? []) {
      for (const partition of partitions.keys()) {
        if (this.#committed.get(groupId, topic, partition) === undefined) yield { topic, partition }
      }
    }
  }

  /** The partitions of a topic, of all groups, with an offset that the condition holds for; each once. */
  *ofTopic(topic: string, matches: (committed: CommittedOffset) => boolean): Generator<At, void, undefined> {
    for (const groupId of this.#committed.groupIds()) {
      for (const [partition, committed] of this.#committed.ofGroup(groupId)?.get(topic) ?? []) {
        if (matches(committed)) yield { groupId, topic, partition }
      }
    }
    for (const { value, ...at } of this.#pending.entries()) {
      if (at.topic !== topic || !matches(value)) continue
      const committed = this.#committed.get(at.groupId, at.topic, at.partition)
      if (committed === undefined || !matches(committed)) yield at
    }
  }

  /** A record was replayed; a null producer id: it is in no transaction. */
  store({ groupId, topic, partition }: At, producerId: bigint | null, stored: StoredOffset): void {
    if (producerId === null) this.#committed.set(groupId, topic, partition, stored)
    else this.#pending.add(producerId, groupId, topic, partition, stored)
  }

  /** A tombstone also takes along what transactions wrote before it. */
  delete({ groupId, topic, partition }: At): void {
    this.#committed.delete(groupId, topic, partition)
    this.#pending.delete(groupId, topic, partition)
  }

  /**
   * What the transaction wrote holds from its own place in the log on, not from the marker's: a plain commit between the
   * two is the later one. Else compaction, which drops the earlier of two records, would change what is read.
   */
  endTransaction(producerId: bigint, commit: boolean): void {
    for (const { groupId, topic, partition, value } of this.#pending.end(producerId)) {
      if (!commit) continue
      const committed = this.#committed.get(groupId, topic, partition)
      if (committed === undefined || value.recordOffset > committed.recordOffset) {
        this.#committed.set(groupId, topic, partition, value)
      }
    }
  }
}
