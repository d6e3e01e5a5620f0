import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { Buffers } from '../../environment/buffers.ts'
import type { Random } from '../../environment/environment.ts'
import { seededRandom } from '../../environment/random.ts'
import { silentLogger } from '../../environment/silent-logger.ts'
import { SimulatedClock } from '../../environment/simulated-clock.ts'
import { SystemFiles } from '../../environment/system-files.ts'
import { batchFactsAt } from '../batch-facts.ts'
import type { PartitionStorage, RangeOptions } from '../storage.ts'
import { appendOne, RecordedEvents, readFrom } from '../test-partition.ts'
import { SegmentStorage } from './segment-storage.ts'

const id = { topicId: 'aW5kZXgtdGVzdC10b3BpYw', topic: 'orders', partition: 0 }
let directory = ''
let time = new SimulatedClock()

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'segment-index-'))
  time = new SimulatedClock()
})

afterEach(async () => {
  await rm(directory, { recursive: true, force: true })
})

async function opened(ranges: Partial<RangeOptions> = {}) {
  const [buffers, random] = [new Buffers({ checked: true }), seededRandom(1)]
  const options = { directory, files: new SystemFiles(), buffers, time, random, logger: silentLogger, threads: 4 }
  const storage = new SegmentStorage({ ...options, durability: 'fsync', indexBytesMax: 2000 })
  await storage.open()
  const events = new RecordedEvents()
  const all = { indexIntervalBytes: 4096, indexBytesMax: 1 << 20, preallocateBytes: 0, ...ranges }
  const log = await storage.openPartition(id, { onCorruption: 'cut', fence: 0, events, ranges: all })
  return { storage, log, settled: () => events.until(() => log.durableEnd >= log.endOffset) }
}

interface Batch {
  readonly lastOffset: bigint
  readonly maxTimestamp: bigint
  readonly position: number
  readonly sizeBytes: number
}

const below = (random: Random, limit: number): number => random.bytes(4).readUInt32BE(0) % limit

function appendSome(log: PartitionStorage, random: Random): void {
  for (let count = below(random, 60); count >= 0; count--) {
    appendOne(log, {
      records: 1 + below(random, 5),
      paddingBytes: below(random, below(random, 6) === 0 ? 9000 : 700),
      maxTimestamp: BigInt(below(random, 10) === 0 ? -1 : below(random, 5000)),
    })
  }
}

/** What Kafka's LogSegment.append would have written, batch by batch, and its onBecomeInactiveSegment. */
function kafkaIndexes(batches: readonly Batch[], baseOffset: bigint, intervalBytes: number) {
  const offsets: [bigint, number][] = []
  const times: [bigint, bigint][] = []
  let [max, maxOffset, bytesSince] = [-1n, baseOffset, 0]
  const maybeAddTime = (): void => {
    if (max > (times.at(-1)?.[0] ?? -1n)) times.push([max, maxOffset])
  }
  for (const batch of batches) {
    if (batch.maxTimestamp > max) [max, maxOffset] = [batch.maxTimestamp, batch.lastOffset]
    if (bytesSince > intervalBytes) {
      offsets.push([batch.lastOffset, batch.position])
      maybeAddTime()
      bytesSince = 0
    }
    bytesSince += batch.sizeBytes
  }
  maybeAddTime()
  return { offsets, times }
}

interface SegmentFiles {
  readonly baseOffset: bigint
  readonly batches: readonly Batch[]
  readonly offsets: readonly (readonly [bigint, number])[]
  readonly times: readonly (readonly [bigint, bigint])[]
}

async function segmentFiles(): Promise<SegmentFiles[]> {
  const folder = join(directory, 'orders-0')
  const found: SegmentFiles[] = []
  for (const name of (await readdir(folder)).filter((each) => each.endsWith('.log')).sort()) {
    const path = join(folder, name.slice(0, -4))
    const [log, index, timeIndex] = await Promise.all(['.log', '.index', '.timeindex'].map((suffix) => readFile(path + suffix)))
    const baseOffset = BigInt(name.slice(0, -4))
    const batches: Batch[] = []
    for (let position = 0; position < log!.length; ) {
      const facts = batchFactsAt(log!, position)!
      batches.push({ ...facts, position })
      position += facts.sizeBytes
    }
    const count = (bytes: Buffer, entryBytes: number): number[] => {
      expect(bytes.length % entryBytes).toBe(0)
      return Array.from({ length: bytes.length / entryBytes }, (_, each) => each * entryBytes)
    }
    const relative = (bytes: Buffer, at: number): bigint => baseOffset + BigInt(bytes.readInt32BE(at))
    found.push({
      baseOffset,
      batches,
      offsets: count(index!, 8).map((at) => [relative(index!, at), index!.readInt32BE(at + 4)] as const),
      times: count(timeIndex!, 12).map((at) => [timeIndex!.readBigInt64BE(at), relative(timeIndex!, at + 8)] as const),
    })
  }
  return found
}

/** What kafka-dump-log asks of indexes, and what a look-up relies on: an entry says the truth, entries rise, the last timestamp is the largest. */
function expectTruth(seed: number, { batches, offsets, times }: SegmentFiles): void {
  const byPosition = new Map(batches.map((batch) => [batch.position, batch.lastOffset]))
  for (const [index, [offset, position]] of offsets.entries()) {
    expect([seed, byPosition.get(position)]).toEqual([seed, offset])
    if (index > 0) expect(offset > offsets[index - 1]![0]).toBe(true)
  }
  let max = -1n
  const risen = new Map<bigint, bigint>()
  for (const batch of batches) {
    if (batch.maxTimestamp > max) risen.set(batch.lastOffset, batch.maxTimestamp)
    if (batch.maxTimestamp > max) max = batch.maxTimestamp
  }
  for (const [index, [timestamp, offset]] of times.entries()) {
    expect([seed, risen.get(offset)]).toEqual([seed, timestamp])
    if (index > 0) expect(timestamp > times[index - 1]![0]).toBe(true)
  }
  expect([seed, times.at(-1)?.[0] ?? -1n]).toEqual([seed, max])
}

describe('the indexes of segments', () => {
  test('are byte for byte what Kafka writes for the same batches', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = seededRandom(seed)
      const indexIntervalBytes = [0, 500, 4096][seed % 3]!
      const { storage, log } = await opened({ indexIntervalBytes })
      for (let round = below(random, 6); round >= 0; round--) {
        appendSome(log, random)
        if (below(random, 2) === 0) log.roll()
        if (below(random, 3) === 0) await time.advance(60_000)
      }
      await storage.close(Buffer.from('{}'))
      for (const { baseOffset, batches, offsets, times } of await segmentFiles()) {
        expect({ seed, offsets, times }).toEqual({ seed, ...kafkaIndexes(batches, baseOffset, indexIntervalBytes) })
      }
      await rm(join(directory, 'orders-0'), { recursive: true })
    }
  })

  test('say the truth whatever befell the log: cuts, rolls, stops, crashes, replacements', async () => {
    for (let seed = 1; seed <= 25; seed++) {
      const random = seededRandom(seed)
      let { storage, log, settled } = await opened()
      for (let step = 0; step < 25; step++) {
        const anywhere = BigInt(below(random, Number(log.endOffset) + 2))
        switch (below(random, 9)) {
          case 0:
            log.roll()
            break
          case 1:
            await log.truncateTo(anywhere)
            break
          case 2:
            await log.deleteBefore(anywhere / 2n)
            break
          case 3:
            await time.advance(120_000)
            break
          case 4:
          case 5:
            await storage.close(below(random, 2) === 0 ? Buffer.from('{}') : null)
            ;({ storage, log, settled } = await opened())
            break
          case 6: {
            const [first, next] = log.ranges()
            if (next === undefined) break
            await settled()
            const pieces = await log.read(first!.baseOffset, first!.endOffset, 1, true)
            const kept = pieces.map((piece) => Buffer.from(piece.bytes))
            for (const piece of pieces) piece.release()
            await log.replace(first!.baseOffset, next.baseOffset, kept.values() as unknown as AsyncIterable<Buffer>)
            break
          }
          default:
            appendSome(log, random)
        }
      }
      await storage.close(Buffer.from('{}'))
      for (const segment of await segmentFiles()) expectTruth(seed, segment)
      await rm(join(directory, 'orders-0'), { recursive: true })
    }
  })

  test('that reach their length make the segment full, one entry of the times being kept for the roll, as in Kafka', async () => {
    const { storage, log } = await opened({ indexIntervalBytes: 0, indexBytesMax: 60 })
    expect(log.isLastRangeFull).toBe(false)
    // Five entries of times fit: four may be added, each with its batch behind the first one.
    for (let count = 0; count < 5; count++) {
      expect(log.isLastRangeFull).toBe(false)
      appendOne(log, { maxTimestamp: BigInt(count + 1) })
    }
    expect(log.isLastRangeFull).toBe(true)
    log.roll()
    expect(log.isLastRangeFull).toBe(false)
    // Without timestamps it is the offsets that fill up.
    for (let count = 0; count < 8; count++) {
      expect(log.isLastRangeFull).toBe(false)
      appendOne(log, { maxTimestamp: -1n })
    }
    expect(log.isLastRangeFull).toBe(true)
    await storage.close(Buffer.from('{}'))
    const again = await opened({ indexIntervalBytes: 0, indexBytesMax: 60 })
    expect(again.log.isLastRangeFull).toBe(true)
    await again.storage.close(null)
  })

  test('new settings hold for the segments that are made from then on, as in Kafka', async () => {
    const { storage, log } = await opened({ indexIntervalBytes: 0 })
    for (let count = 0; count < 5; count++) appendOne(log, {})
    log.configure({ indexIntervalBytes: 1 << 20, indexBytesMax: 1 << 20, preallocateBytes: 0 })
    for (let count = 0; count < 5; count++) appendOne(log, {})
    log.roll()
    for (let count = 0; count < 5; count++) appendOne(log, {})
    await storage.close(Buffer.from('{}'))
    expect((await segmentFiles()).map(({ offsets }) => offsets.length)).toEqual([9, 0])
  })

  test('the file of a preallocated segment has its length at once, and that of its batches after a roll and a stop', async () => {
    const { storage, log, settled } = await opened({ preallocateBytes: 100_000 })
    const sizes = async () => {
      const folder = join(directory, 'orders-0')
      const names = (await readdir(folder)).filter((name) => name.endsWith('.log')).sort()
      return await Promise.all(names.map(async (name) => (await readFile(join(folder, name))).length))
    }
    const { bytes } = appendOne(log, { paddingBytes: 500 })
    await settled()
    expect(await sizes()).toEqual([100_000])
    log.roll()
    appendOne(log, { paddingBytes: 500 })
    await settled()
    expect(await readFrom(log, 0n)).toEqual([0n, 1n])
    await storage.close(Buffer.from('{}'))
    expect(await sizes()).toEqual([bytes.length, bytes.length])
  })
})
