import { expect } from '@jest/globals'
import type { Codec } from './client-list.ts'
import type { KeyedRecord, ReadRecord } from './client-process.ts'

/** Records that compress well, of a few keys, each value once. They hold no tab or line end, which part kcat's records. */
export function makeRecords(writer: string, batch: string, count: number): KeyedRecord[] {
  return Array.from({ length: count }, (_, n) => ({
    key: `key-${n % 7}`,
    value: `${writer} ${batch} ${n} ünïcödé ${'-'.repeat(200)}`,
  }))
}

/** One for each batch, since kcat gives all records of a run the same. */
export function makeHeaders(writer: string, codec: Codec): Record<string, string> {
  return { writer, codec, 'content-type': 'text/plain; charset=utf-8' }
}

/** What a record is to its reader, whichever partition it lies in. */
export function readable({ key, value, headers }: Pick<ReadRecord, 'key' | 'value' | 'headers'>): string {
  const sorted = Object.entries(headers).sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([key, value, sorted])
}

/** Fails with the few records that differ, and not with all of them. */
export function expectSameRecords(read: readonly string[], written: readonly string[]): void {
  const left = new Set(written)
  const unexpected = read.filter((record) => !left.delete(record))
  const shorten = (record: string): string => record.replace(/-{20,}/, '-…-')
  expect({ missing: [...left].slice(0, 5).map(shorten), unexpected: unexpected.slice(0, 5).map(shorten) }).toEqual({
    missing: [],
    unexpected: [],
  })
}

/** Offsets without a gap from 0 on, and the records of one key in one partition, as every client's partitioner has it. */
export function expectSoundPartitions(records: readonly ReadRecord[]): void {
  const offsets = new Map<number, number[]>()
  const partitionsOfKey = new Map<string, Set<number>>()
  for (const { key, partition, offset } of records) {
    offsets.set(partition, [...(offsets.get(partition) ?? []), offset])
    partitionsOfKey.set(key, (partitionsOfKey.get(key) ?? new Set()).add(partition))
  }
  for (const found of offsets.values()) expect(found).toEqual(found.map((_, n) => n))
  for (const partitions of partitionsOfKey.values()) expect(partitions.size).toBe(1)
}

/** The offset to read next, of each partition that the records are from. */
export function positionsAfter(records: readonly ReadRecord[]): Map<number, number> {
  const positions = new Map<number, number>()
  for (const { partition, offset } of records) positions.set(partition, Math.max(positions.get(partition) ?? 0, offset + 1))
  return positions
}

/** The records that lie below a committed offset: none must be given to a member again. */
export function belowCommitted(records: readonly ReadRecord[], committed: ReadonlyMap<number, number>): ReadRecord[] {
  return records.filter(({ partition, offset }) => offset < (committed.get(partition) ?? 0))
}
