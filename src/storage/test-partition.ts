import type { PartitionId, PartitionStorage, StorageEvents } from './storage.ts'
import { type AppendedBatch, testBatch } from './test-batch.ts'

/** The partition that tests open where any would do. */
export const suitePartition: PartitionId = { topicId: 'c3VpdGUtdG9waWMtaWRfMQ', topic: 'orders', partition: 0 }

/** Events as they came, and a way to wait for one. */
export class RecordedEvents implements StorageEvents {
  readonly calls: (readonly [kind: 'written' | 'durable', end: bigint])[] = []
  readonly failures: Error[] = []
  #waiting: (() => void)[] = []

  written(end: bigint): void {
    this.calls.push(['written', end])
    this.#wake()
  }

  durable(end: bigint): void {
    this.calls.push(['durable', end])
    this.#wake()
  }

  failed(error: Error): void {
    this.failures.push(error)
    this.#wake()
  }

  /** The log was cut: what was said of its ends holds no more. */
  forget(): void {
    this.calls.length = 0
  }

  async reached(kind: 'written' | 'durable', end: bigint): Promise<void> {
    await this.until(() => this.calls.some(([was, at]) => was === kind && at >= end))
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  #wake(): void {
    for (const waiting of this.#waiting.splice(0)) waiting()
  }
}

/** Appends one batch at the end. */
export function appendOne(log: PartitionStorage, options: Partial<Parameters<typeof testBatch>[0]>): AppendedBatch {
  const batch = testBatch({ baseOffset: log.endOffset, ...options })
  log.append(batch.records, batch)
  return batch
}

/** Start, durable end, written end and end. */
export function ends(log: PartitionStorage): readonly bigint[] {
  return [log.startOffset, log.durableEnd, log.writtenEnd, log.endOffset]
}

/** One read, cut into batches. */
export async function readAll(
  log: PartitionStorage,
  from = 0n,
  end = log.writtenEnd,
  maxBytes = 1 << 24,
  atLeastOne = false,
): Promise<Buffer[]> {
  const batches: Buffer[] = []
  for (const piece of await log.read(from, end, maxBytes, atLeastOne)) {
    for (let at = 0; at < piece.bytes.length; ) {
      const size = 12 + piece.bytes.readInt32BE(at + 8)
      batches.push(Buffer.from(piece.bytes.subarray(at, at + size)))
      at += size
    }
    piece.release()
  }
  return batches
}

/** Base offsets of what one read gives. */
export async function bases(
  log: PartitionStorage,
  from: bigint,
  end?: bigint,
  maxBytes?: number,
  atLeastOne?: boolean,
): Promise<bigint[]> {
  return (await readAll(log, from, end, maxBytes, atLeastOne)).map((bytes) => bytes.readBigInt64BE(0))
}

/** Base offsets of everything from an offset on, by as many reads as it takes. */
export async function readFrom(log: PartitionStorage, from: bigint): Promise<bigint[]> {
  const found: bigint[] = []
  for (let at = from; ; ) {
    const batches = await readAll(log, at, log.writtenEnd, 1 << 16, true)
    const last = batches.at(-1)
    if (last === undefined) return found
    found.push(...batches.map((bytes) => bytes.readBigInt64BE(0)))
    at = last.readBigInt64BE(0) + BigInt(last.readInt32BE(23)) + 1n
  }
}

/** The headers of the batches from the one that contains an offset on. */
export async function headersFrom(log: PartitionStorage, from: bigint): Promise<readonly Buffer[]> {
  const headers: Buffer[] = []
  await log.walkHeaders(from, (header) => {
    headers.push(Buffer.from(header))
    return false
  })
  return headers
}
