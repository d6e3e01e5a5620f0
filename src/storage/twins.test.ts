import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { Buffers } from '../environment/buffers.ts'
import { systemTime } from '../environment/clock.ts'
import type { Random } from '../environment/environment.ts'
import { seededRandom } from '../environment/random.ts'
import { silentLogger } from '../environment/silent-logger.ts'
import { SystemFiles } from '../environment/system-files.ts'
import { MemoryStorage } from './memory/memory-storage.ts'
import { SegmentStorage } from './segments/segment-storage.ts'
import type { PartitionStorage, Storage } from './storage.ts'
import { testBatch } from './test-batch.ts'
import { headersFrom, RecordedEvents, suitePartition } from './test-partition.ts'

const logger = silentLogger

/** One backend, driven by the same operations as its twin. */
class Twin {
  storage: Storage
  log!: PartitionStorage
  readonly #make: (earlier: Storage | null) => Storage
  #events = new RecordedEvents()

  constructor(make: (earlier: Storage | null) => Storage) {
    this.#make = make
    this.storage = make(null)
  }

  async open(): Promise<void> {
    await this.storage.open()
    this.#events = new RecordedEvents()
    this.log = await this.storage.openPartition(suitePartition, { onCorruption: 'cut', fence: 0, events: this.#events })
  }

  async restart(clean: boolean): Promise<void> {
    await this.storage.close(clean ? Buffer.from('{}') : null)
    this.storage = this.#make(this.storage)
    await this.open()
  }

  async settled(): Promise<void> {
    await this.#events.until(() => this.log.durableEnd >= this.log.endOffset)
  }

  async read(from: bigint, end: bigint, maxBytes: number): Promise<string> {
    const pieces = await this.log.read(from, end, maxBytes, true)
    const first = Buffer.concat(pieces.map((piece) => piece.bytes))
    for (const piece of pieces) piece.release()
    // How much comes at once may differ; what comes first may not.
    return first.length === 0 ? 'nothing' : first.subarray(0, 61).toString('hex')
  }
}

const below = (random: Random, limit: number): number => random.bytes(4).readUInt32BE(0) % limit

async function step(random: Random, twins: readonly [Twin, Twin]): Promise<void> {
  const each = async (run: (twin: Twin) => unknown): Promise<void> => {
    for (const twin of twins) await run(twin)
  }
  const end = twins[0].log.endOffset
  const anywhere = BigInt(below(random, Number(end) + 3))
  switch (below(random, 12)) {
    case 0:
      return await each((twin) => twin.log.roll())
    case 1:
      return await each((twin) => twin.settled())
    case 2:
      if (below(random, 3) > 0) return
      await each((twin) => twin.log.truncateTo(anywhere))
      return
    case 3:
      return await each((twin) => twin.log.deleteBefore(anywhere / 2n))
    case 4: {
      const clean = below(random, 2) === 0
      return await each((twin) => twin.restart(clean))
    }
    case 5: {
      const [first, behind] = twins[0].log.ranges()
      if (behind === undefined) return
      await each(async (twin) => {
        await twin.settled()
        const [from] = await twin.log.read(first!.baseOffset, first!.endOffset, 1, true)
        const kept = from === undefined ? [] : [Buffer.from(from.bytes)]
        from?.release()
        await twin.log.replace(first!.baseOffset, behind.baseOffset, kept.values() as unknown as AsyncIterable<Buffer>)
      })
      return
    }
    default:
      for (let count = below(random, 12); count >= 0; count--) {
        const gap = below(random, 10) === 0 ? 5n : 0n
        const at = {
          baseOffset: twins[0].log.endOffset + gap,
          records: 1 + below(random, 4),
          maxTimestamp: BigInt(below(random, 500)),
        }
        const batch = testBatch({ ...at, paddingBytes: below(random, below(random, 5) === 0 ? 70_000 : 500) })
        await each((twin) => twin.log.append(batch.records, batch))
      }
  }
}

async function compare(random: Random, seed: number, [memory, segments]: readonly [Twin, Twin]): Promise<void> {
  const facts = async (twin: Twin, from: bigint, end: bigint, maxBytes: number, timestamp: bigint) => {
    await twin.settled()
    const ranges = twin.log.ranges().map(({ createdMs: _, ...range }) => range)
    const found = [await twin.log.batchByTimestamp(timestamp), await twin.log.batchByTimestamp('max')]
    const headers = (await headersFrom(twin.log, from)).map((header) => header.toString('hex', 0, 16))
    const isAvailable = twin.log.available(from, end, 1) > 0
    const read = await twin.read(from, end, maxBytes)
    expect([seed, isAvailable || read === 'nothing']).toEqual([seed, true])
    return { seed, start: twin.log.startOffset, end: twin.log.endOffset, ranges, found, headers, read }
  }
  const end = memory.log.endOffset
  const [from, to] = [BigInt(below(random, Number(end) + 2)), end - BigInt(below(random, 3))]
  const timestamp = BigInt(below(random, 600))
  const maxBytes = below(random, 200_000)
  expect(await facts(segments, from, to, maxBytes, timestamp)).toEqual(await facts(memory, from, to, maxBytes, timestamp))
}

test('segments do what memory does, whatever the order of operations', async () => {
  for (let seed = 1; seed <= 25; seed++) {
    const random = seededRandom(seed)
    const directory = await mkdtemp(join(tmpdir(), 'twins-'))
    const [time, buffers] = [systemTime(), new Buffers({ checked: true })]
    const memory = new Twin((earlier) => earlier ?? new MemoryStorage({ time, buffers, logger, limitBytes: 1 << 28 }))
    const options = { directory, files: new SystemFiles(), buffers, time, random, logger, threads: 4 }
    const segments = new Twin(() => new SegmentStorage({ ...options, durability: seed % 2 === 0 ? 'fsync' : 'page-cache' }))
    for (const twin of [memory, segments]) await twin.open()
    for (let count = 0; count < 60; count++) {
      await step(random, [memory, segments])
      if (count % 4 === 3) await compare(random, seed, [memory, segments])
    }
    for (const twin of [memory, segments]) await twin.storage.close(null)
    await rm(directory, { recursive: true, force: true })
  }
})
