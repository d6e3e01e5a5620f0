import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Retained } from '../../protocol/records/records-slice.ts'
import type { PartitionStorage, Storage, StorageEvents } from './storage.ts'
import { type AppendedBatch, testBatch } from './test-batch.ts'
import { appendOne, bases, ends, headersFrom, RecordedEvents, readAll, readFrom, suitePartition } from './test-partition.ts'

/** A backend under test; `reopened` is what a restart of the process would find after `close`. */
export interface StorageUnderTest {
  readonly storage: Storage
  reopened(): Promise<Storage>
  dispose(): Promise<void>
}

/** What the contract says, for every backend. */
export function storageSuite(name: string, make: () => Promise<StorageUnderTest>): void {
  describe(name, () => {
    let under: StorageUnderTest
    let storage: Storage
    let log: PartitionStorage
    let events: RecordedEvents

    beforeEach(async () => {
      under = await make()
      storage = under.storage
      await storage.open()
      events = new RecordedEvents()
      log = await open(storage, events)
    })

    afterEach(async () => {
      await storage.close(null)
      await under.dispose()
    })

    /** Appends batches of so many records each, from the end on. */
    function append(...counts: number[]): AppendedBatch[] {
      return counts.map((records) => appendOne(log, { records }))
    }

    async function written(): Promise<void> {
      await events.reached('written', log.endOffset)
    }

    async function durable(): Promise<void> {
      await events.reached('durable', log.endOffset)
    }

    async function restart(cleanShutdown: Buffer | null = Buffer.from('clean')): Promise<void> {
      await storage.close(cleanShutdown)
      storage = await under.reopened()
      await storage.open()
      events = new RecordedEvents()
      log = await open(storage, events)
    }

    describe('append', () => {
      test('an empty log begins and ends at 0', () => {
        expect(ends(log)).toEqual([0n, 0n, 0n, 0n])
        expect(log.ranges()).toMatchObject([{ baseOffset: 0n, endOffset: 0n, sizeBytes: 0, maxTimestamp: -1n }])
        expect(log.recoveredBytesCut).toBe(0)
      })

      test('moves the end at once, and says written and durable later, never within the call', async () => {
        append(3)
        expect(log.endOffset).toBe(3n)
        expect(events.calls).toEqual([])
        await durable()
        expect(ends(log)).toEqual([0n, 3n, 3n, 3n])
        expect(events.calls.findIndex(([kind]) => kind === 'written')).toBe(0)
        expect(events.calls.at(-1)).toEqual(['durable', 3n])
      })

      test('the bytes may change once they are written', async () => {
        const batch = testBatch({ baseOffset: 0n, records: 1 })
        const bytes = Buffer.from(batch.bytes)
        let pins = 0
        const retain = (): Retained => {
          const pinned = Buffer.from(bytes)
          pins++
          return { bytes: pinned, release: () => void (pins-- && pinned.fill(0xdb)) }
        }
        log.append({ sizeBytes: bytes.length, view: () => bytes, retain, pieces: () => [retain()] }, batch)
        bytes.fill(0)
        await durable()
        expect(pins).toBe(0)
        expect(await readAll(log)).toEqual([batch.bytes])
      })

      test('a batch below the end is a bug', () => {
        append(2)
        const batch = testBatch({ baseOffset: 1n })
        expect(() => log.append(batch.records, batch)).toThrow('below 2')
      })

      test('offsets may have gaps', async () => {
        appendOne(log, { baseOffset: 5n })
        appendOne(log, { baseOffset: 10n })
        await durable()
        expect(log.endOffset).toBe(11n)
        expect(await bases(log, 7n)).toEqual([10n])
      })
    })

    describe('read', () => {
      test('begins with the batch that contains the offset, even if it starts below', async () => {
        append(3, 4, 2)
        await durable()
        for (const [from, expected] of [
          [0n, [0n, 3n, 7n]],
          [2n, [0n, 3n, 7n]],
          [3n, [3n, 7n]],
          [6n, [3n, 7n]],
          [8n, [7n]],
          [9n, []],
          [12n, []],
        ] as const) {
          expect(await bases(log, from)).toEqual(expected)
        }
      })

      test('gives back the bytes as they were appended', async () => {
        const batches = append(1, 2, 3)
        await durable()
        expect(Buffer.concat(await readAll(log))).toEqual(Buffer.concat(batches.map((batch) => batch.bytes)))
      })

      test('gives no batch that reaches the end asked for', async () => {
        append(3, 4, 2)
        await durable()
        expect(await bases(log, 0n, 7n)).toEqual([0n, 3n])
        expect(await bases(log, 0n, 6n)).toEqual([0n])
        expect(await bases(log, 0n, 2n)).toEqual([])
        expect(await bases(log, 4n, 4n)).toEqual([])
      })

      test('gives whole batches within the limit, and the first whatever its size only if asked', async () => {
        const batches = append(1, 1, 1)
        const [first] = batches
        const size = first!.bytes.length
        await durable()
        expect(await bases(log, 0n, 3n, size * 2 + 1, false)).toEqual([0n, 1n])
        expect(await bases(log, 0n, 3n, size - 1, false)).toEqual([])
        expect(await bases(log, 0n, 3n, size - 1, true)).toEqual([0n])
        expect(await bases(log, 1n, 3n, 0, true)).toEqual([1n])
      })

      test('a batch larger than any buffer at hand', async () => {
        const large = appendOne(log, { paddingBytes: 3_000_000 })
        append(1)
        await durable()
        const [read] = await readAll(log, 0n, 1n, 10, true)
        expect(read?.equals(large.bytes)).toBe(true)
        expect(await bases(log, 0n, 2n, 10_000_000, false)).toEqual([0n, 1n])
      })

      test('many small batches, from any of them', async () => {
        for (let count = 0; count < 3000; count++) appendOne(log, { paddingBytes: count % 100 })
        await durable()
        for (const from of [0n, 1n, 999n, 1500n, 2998n, 2999n]) {
          const [first] = await bases(log, from, 3000n, 500, true)
          expect(first).toBe(from)
        }
        expect(await readFrom(log, 0n)).toHaveLength(3000)
      })

      test('many small batches stay within both limits, wherever they lie', async () => {
        const batches = Array.from({ length: 3000 }, (_, count) => appendOne(log, { records: 2, paddingBytes: count % 90 }))
        await durable()
        for (const [from, end, maxBytes] of [
          [0n, 6000n, 100_000],
          [1001n, 6000n, 70_000],
          [0n, 3001n, 1_000_000],
          [17n, 1200n, 1_000_000],
          [5000n, 5999n, 33_000],
        ] as const) {
          const read = await readAll(log, from, end, maxBytes, false)
          const first = Number(from / 2n)
          expect(
            Buffer.concat(read).equals(Buffer.concat(batches.slice(first, first + read.length).map(({ bytes }) => bytes))),
          ).toBe(true)
          expect(batches[first + read.length - 1]!.lastOffset).toBeLessThan(end)
          const sumBytes = read.reduce((sum, bytes) => sum + bytes.length, 0)
          expect(sumBytes).toBeLessThanOrEqual(maxBytes)
          expect(sumBytes).toBeGreaterThan(Math.min(maxBytes, 30_000) / 2)
        }
      })

      test('goes on across ranges', async () => {
        append(2)
        log.roll()
        append(2)
        log.roll()
        append(2)
        await durable()
        expect(await readFrom(log, 1n)).toEqual([0n, 2n, 4n])
      })

      test('pieces stay what they were until they are released, whatever happens to the log', async () => {
        const [batch] = append(2)
        await durable()
        const pieces = await log.read(0n, 2n, 1000, true)
        await log.truncateTo(0n)
        events.forget()
        append(1, 1, 1)
        await durable()
        expect(Buffer.concat(pieces.map((piece) => piece.bytes))).toEqual(batch!.bytes)
        for (const piece of pieces) piece.release()
      })
    })

    describe('available', () => {
      test('is 0 where there is nothing, and never below what read gives', async () => {
        const batches = append(3, 4, 2)
        const total = batches.reduce((sum, batch) => sum + batch.bytes.length, 0)
        await durable()
        expect(log.available(9n, 9n, 1)).toBe(0)
        expect(log.available(4n, 4n, 1)).toBe(0)
        expect(log.available(0n, 9n, 1_000_000)).toBe(total)
        for (const from of [0n, 2n, 3n, 7n]) {
          const read = (await readAll(log, from)).reduce((sum, bytes) => sum + bytes.length, 0)
          expect(log.available(from, 9n, 1_000_000)).toBeGreaterThanOrEqual(read)
        }
      })

      test('counts across ranges', async () => {
        const batches = [...append(1)]
        log.roll()
        batches.push(...append(1))
        await durable()
        expect(log.available(0n, 2n, 1_000_000)).toBe(batches.reduce((sum, batch) => sum + batch.bytes.length, 0))
      })
    })

    describe('headers and timestamps', () => {
      test('headers are 61 bytes a batch, from the one that contains the offset on, across ranges', async () => {
        const batches = append(3, 4)
        log.roll()
        batches.push(appendOne(log, { paddingBytes: 200_000 }), ...append(1))
        await durable()
        expect(await headersFrom(log, 5n)).toEqual(batches.slice(1).map((batch) => batch.bytes.subarray(0, 61)))
      })

      test('small control batches are given whole: what they say does not stand in their header', async () => {
        const small = appendOne(log, { isControl: true, paddingBytes: 17 })
        const large = appendOne(log, { isControl: true, paddingBytes: 100_000 })
        await durable()
        expect(await headersFrom(log, 0n)).toEqual([small.bytes, large.bytes.subarray(0, 61)])
      })

      test('a walk ends where its visitor has found what it looks for', async () => {
        append(1)
        log.roll()
        append(1, 1)
        await durable()
        const visited: bigint[] = []
        await log.walkHeaders(0n, (header) => {
          visited.push(header.readBigInt64BE())
          return visited.length === 2
        })
        expect(visited).toEqual([0n, 1n])
      })

      test('the first batch at or above a timestamp, and the first with the largest', async () => {
        for (const maxTimestamp of [100n, 300n, 200n]) appendOne(log, { maxTimestamp })
        log.roll()
        for (const maxTimestamp of [300n, 50n]) appendOne(log, { maxTimestamp })
        await durable()
        expect(await log.batchByTimestamp(0n)).toBe(0n)
        expect(await log.batchByTimestamp(101n)).toBe(1n)
        expect(await log.batchByTimestamp(300n)).toBe(1n)
        expect(await log.batchByTimestamp(301n)).toBeNull()
        expect(await log.batchByTimestamp('max')).toBe(1n)
      })

      test('an empty log has no batch for any timestamp', async () => {
        expect(await log.batchByTimestamp(0n)).toBeNull()
        expect(await log.batchByTimestamp('max')).toBeNull()
      })
    })

    describe('ranges', () => {
      test('roll begins a range at the end, unless the last one is empty', async () => {
        appendOne(log, { records: 2, maxTimestamp: 70n })
        log.roll()
        log.roll()
        appendOne(log, { records: 1, maxTimestamp: 60n })
        await durable()
        const ranges = log.ranges()
        expect(ranges).toMatchObject([
          { baseOffset: 0n, endOffset: 2n, maxTimestamp: 70n },
          { baseOffset: 2n, endOffset: 3n, maxTimestamp: 60n },
        ])
        expect(ranges.every((range) => range.sizeBytes > 0 && range.createdMs > 0)).toBe(true)
      })

      test('deleteBefore removes ranges that end at or below the offset, never the last', async () => {
        for (let count = 0; count < 3; count++) {
          append(2)
          log.roll()
        }
        append(2)
        await durable()
        await log.deleteBefore(3n)
        expect(log.startOffset).toBe(2n)
        await log.deleteBefore(4n)
        expect(log.startOffset).toBe(4n)
        expect(await readFrom(log, 0n)).toEqual([4n, 6n])
        await log.deleteBefore(8n)
        expect(log.startOffset).toBe(6n)
        expect(ends(log)).toEqual([6n, 8n, 8n, 8n])
      })

      test('replace puts fewer batches in the place of ranges', async () => {
        const batches = append(2, 2)
        log.roll()
        append(2)
        log.roll()
        append(2)
        await durable()
        await log.replace(0n, 6n, each([batches[1]!.bytes]))
        expect(log.ranges()).toMatchObject([
          { baseOffset: 0n, endOffset: 6n },
          { baseOffset: 6n, endOffset: 8n },
        ])
        expect(await readFrom(log, 0n)).toEqual([2n, 6n])
        expect(await bases(log, 4n)).toEqual([6n])
        append(1)
        await durable()
        await restart()
        expect(await readFrom(log, 0n)).toEqual([2n, 6n, 8n])
      })

      test('replace by nothing leaves an empty stretch', async () => {
        append(2)
        log.roll()
        append(2)
        await durable()
        await log.replace(0n, 2n, each([]))
        expect(await readFrom(log, 0n)).toEqual([2n])
        expect(log.startOffset).toBe(0n)
      })

      test('a replacement that fails changes nothing', async () => {
        append(2)
        log.roll()
        append(2)
        await durable()
        const failing = (async function* () {
          yield testBatch({ baseOffset: 0n }).bytes
          throw new Error('the cleaner fell over')
        })()
        await expect(log.replace(0n, 2n, failing)).rejects.toThrow('fell over')
        await expect(log.replace(1n, 2n, each([]))).rejects.toThrow()
        expect(await readFrom(log, 0n)).toEqual([0n, 2n])
      })
    })

    describe('truncate', () => {
      test.each([
        [12n, 12n, 4, 2],
        [11n, 8n, 3, 2],
        [9n, 8n, 3, 2],
        [8n, 8n, 3, 2],
        [7n, 6n, 2, 2],
        [6n, 6n, 2, 1],
        [5n, 3n, 1, 1],
        [1n, 0n, 0, 1],
        [0n, 0n, 0, 1],
      ])('to %d leaves the end at %d', async (to, end, batchesLeft, rangesLeft) => {
        append(3, 3)
        log.roll()
        append(2, 4)
        await durable()
        await log.truncateTo(to)
        events.forget()
        expect(ends(log)).toEqual([0n, end, end, end])
        expect(await readFrom(log, 0n)).toHaveLength(batchesLeft)
        expect(log.ranges()).toHaveLength(rangesLeft)
        append(1)
        await durable()
        expect((await readFrom(log, 0n)).at(-1)).toBe(end)
        await restart()
        expect(ends(log)).toEqual([0n, end + 1n, end + 1n, end + 1n])
        expect(await readFrom(log, 0n)).toHaveLength(batchesLeft + 1)
      })

      test('cuts what is not written yet', async () => {
        append(2)
        await durable()
        append(3, 1)
        await log.truncateTo(2n)
        events.forget()
        expect(log.endOffset).toBe(2n)
        append(5)
        await durable()
        expect(await readFrom(log, 0n)).toEqual([0n, 2n])
        expect(log.endOffset).toBe(7n)
      })

      test('a reader that goes on where it was finds the new batches, not the places of the old ones', async () => {
        for (const change of [() => log.truncateTo(1n), () => log.restartAt(1n)]) {
          append(1, 1, 1)
          await durable()
          expect(await readFrom(log, 0n)).not.toHaveLength(0)
          const next = log.endOffset - 1n
          expect(await bases(log, 0n, next)).not.toContain(next)
          await change()
          events.forget()
          while (log.endOffset < next) appendOne(log, { paddingBytes: 333 })
          appendOne(log, { paddingBytes: 100 })
          await durable()
          expect(await bases(log, next)).toEqual([next])
        }
      })

      test('the largest timestamp is that of what is left', async () => {
        appendOne(log, { maxTimestamp: 10n })
        appendOne(log, { maxTimestamp: 90n })
        await durable()
        await log.truncateTo(1n)
        events.forget()
        expect(log.ranges()[0]?.maxTimestamp).toBe(10n)
        expect(await log.batchByTimestamp('max')).toBe(0n)
      })

      test('restartAt removes everything and goes on elsewhere', async () => {
        append(2)
        log.roll()
        append(2)
        await durable()
        await log.restartAt(100n)
        events.forget()
        expect(ends(log)).toEqual([100n, 100n, 100n, 100n])
        append(2)
        await durable()
        expect(await readFrom(log, 0n)).toEqual([100n])
        await restart()
        expect(ends(log)).toEqual([100n, 102n, 102n, 102n])
      })
    })

    describe('restart', () => {
      test('finds the partitions and what they hold; the proof of a clean stop is there once', async () => {
        append(2)
        log.roll()
        append(3)
        await durable()
        await storage.close(Buffer.from('{"version":0}'))
        storage = await under.reopened()
        const found = await storage.open()
        expect(found.partitions).toMatchObject([suitePartition])
        expect(String(found.cleanShutdown)).toBe('{"version":0}')
        log = await open(storage, new RecordedEvents())
        expect(ends(log)).toEqual([0n, 5n, 5n, 5n])
        expect(log.ranges()).toMatchObject([{ endOffset: 2n }, { endOffset: 5n }])
        expect(await readFrom(log, 0n)).toEqual([0n, 2n])
        await storage.close(null)
        storage = await under.reopened()
        expect((await storage.open()).cleanShutdown).toBeNull()
      })

      test('what was appended just before the close is there', async () => {
        append(2, 2)
        await restart()
        expect(await readFrom(log, 0n)).toEqual([0n, 2n])
      })

      test('an empty range at the end keeps the end', async () => {
        append(2)
        log.roll()
        await durable()
        await restart()
        expect(log.endOffset).toBe(2n)
        expect(log.ranges()).toHaveLength(2)
      })

      test('a partition can be closed and opened alone', async () => {
        append(2)
        await log.close()
        log = await open(storage, events)
        expect(await readFrom(log, 0n)).toEqual([0n])
      })
    })

    describe('named bytes', () => {
      test('of a partition and of the whole are kept, replaced and removed', async () => {
        for (const named of [() => log.checkpoints, () => storage.files]) {
          expect(await named().load('leader-epoch-checkpoint')).toBeNull()
          await named().save('leader-epoch-checkpoint', Buffer.from('one'))
          await named().save('leader-epoch-checkpoint', Buffer.from('two'))
          await named().save('quorum-state', Buffer.from('x'))
          await named().remove('quorum-state')
          await named().remove('quorum-state')
          await restart()
          expect(String(await named().load('leader-epoch-checkpoint'))).toBe('two')
          expect(await named().list()).toContain('leader-epoch-checkpoint')
          expect(await named().list()).not.toContain('quorum-state')
        }
      })

      test('of two savings at once the later one wins', async () => {
        const { checkpoints } = log
        await Promise.all(['one', 'two', 'three'].map((text) => checkpoints.save('state', Buffer.from(text))))
        expect(String(await checkpoints.load('state'))).toBe('three')
      })
    })

    describe('the end of a partition', () => {
      test('a closed partition takes and gives nothing', async () => {
        append(1)
        await durable()
        await log.close()
        await log.close()
        const batch = testBatch({ baseOffset: 1n })
        expect(() => log.append(batch.records, batch)).toThrow('closed')
        expect(() => log.roll()).toThrow('closed')
        await expect((async () => await log.read(0n, 1n, 100, true))()).rejects.toThrow('closed')
        await expect(log.truncateTo(0n)).rejects.toThrow('closed')
        await expect(log.restartAt(0n)).rejects.toThrow('closed')
        await expect(log.deleteBefore(0n)).rejects.toThrow('closed')
        await expect(log.replace(0n, 1n, each([]))).rejects.toThrow('closed')
        await expect(log.batchByTimestamp(0n)).rejects.toThrow('closed')
      })

      test('a closed partition says nothing more', async () => {
        append(1)
        const before = events.calls.length
        await log.close()
        const said = events.calls.length
        await new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)))
        expect(events.calls.length).toBe(said)
        expect(before).toBe(0)
      })

      test('a deleted partition is gone, and one of the same name begins anew', async () => {
        append(2)
        await written()
        await storage.deletePartition(suitePartition)
        events = new RecordedEvents()
        log = await open(storage, events, { ...suitePartition, topicId: 'c3VpdGUtdG9waWMtaWRfMg' })
        expect(log.endOffset).toBe(0n)
        append(1)
        await durable()
        await storage.close(null)
        storage = await under.reopened()
        expect((await storage.open()).partitions).toMatchObject([{ ...suitePartition, topicId: 'c3VpdGUtdG9waWMtaWRfMg' }])
      })

      test('partitions of the longest names are made and deleted', async () => {
        const id = { topicId: 'bG9uZy1uYW1lLXRvcGljLQ', topic: 'n'.repeat(249), partition: 1234 }
        const recorded = new RecordedEvents()
        const long = await open(storage, recorded, id)
        appendOne(long, {})
        await recorded.reached('durable', 1n)
        await storage.deletePartition(id)
        await storage.close(null)
        storage = await under.reopened()
        expect((await storage.open()).partitions).toMatchObject([suitePartition])
      })
    })

    test('directories say where and how much', () => {
      const [directory] = storage.directories()
      const { totalBytes, usableBytes } = directory!.space()
      expect(usableBytes).toBeGreaterThan(0n)
      expect(totalBytes).toBeGreaterThanOrEqual(usableBytes)
      expect(log.directory).toBe(directory)
      expect(directory?.files).toBe(storage.files)
    })
  })
}

async function open(storage: Storage, events: StorageEvents, id = suitePartition): Promise<PartitionStorage> {
  return await storage.openPartition(id, { onCorruption: 'cut', fence: 0, events })
}

async function* each(batches: readonly Buffer[]): AsyncIterable<Buffer> {
  yield* batches
}
