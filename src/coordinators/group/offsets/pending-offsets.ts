import { OffsetTable } from './offset-table.ts'
import type { StoredOffset } from './offsets.ts'

/** Offsets that were written in transactions which have not ended (KIP-98), by producer id. Only replay changes them. */
export class PendingOffsets {
  readonly #byProducer = new Map<bigint, OffsetTable<StoredOffset>>()
  /** The producers whose transactions hold an offset of a partition: more than one only where a client assigns itself. */
  readonly #producers = new OffsetTable<Set<bigint>>()

  add(producerId: bigint, groupId: string, topic: string, partition: number, stored: StoredOffset): void {
    const table = this.#byProducer.get(producerId) ?? new OffsetTable<StoredOffset>()
    this.#byProducer.set(producerId, table)
    table.set(groupId, topic, partition, stored)
    const producers = this.#producers.get(groupId, topic, partition)
    if (producers === undefined) this.#producers.set(groupId, topic, partition, new Set([producerId]))
    else producers.add(producerId)
  }

  has(groupId: string, topic: string, partition: number): boolean {
    return this.#producers.get(groupId, topic, partition) !== undefined
  }

  /** By topic, then by partition; undefined if no transaction holds an offset of the group. */
  ofGroup(groupId: string): ReadonlyMap<string, ReadonlyMap<number, ReadonlySet<bigint>>> | undefined {
    return this.#producers.ofGroup(groupId)
  }

  /** In all transactions: the partition's offset was deleted after it had been written there. */
  delete(groupId: string, topic: string, partition: number): void {
    for (const producerId of this.#producers.get(groupId, topic, partition) ?? []) {
      this.#byProducer.get(producerId)?.delete(groupId, topic, partition)
    }
    this.#producers.delete(groupId, topic, partition)
  }

  /** The end of a producer's transaction: what it held is given back and forgotten. */
  *end(
    producerId: bigint,
  ): Generator<{ groupId: string; topic: string; partition: number; value: StoredOffset }, void, undefined> {
    const table = this.#byProducer.get(producerId)
    if (table === undefined) return
    this.#byProducer.delete(producerId)
    for (const entry of table.entries()) {
      this.#ended(producerId, entry)
      yield entry
    }
  }

  *entries(): Generator<{ groupId: string; topic: string; partition: number; value: StoredOffset }, void, undefined> {
    for (const table of this.#byProducer.values()) yield* table.entries()
  }

  #ended(producerId: bigint, { groupId, topic, partition }: { groupId: string; topic: string; partition: number }): void {
    const producers = this.#producers.get(groupId, topic, partition)
    producers?.delete(producerId)
    if (producers?.size === 0) this.#producers.delete(groupId, topic, partition)
  }
}
