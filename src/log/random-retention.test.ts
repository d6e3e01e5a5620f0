import { expect, test } from '@jest/globals'
import { seededRandom } from '../environment/random.ts'
import { startMs, TestLog, testBatchBytes } from './test-log.ts'

const steps = 300
const segmentBytes = 4 * testBatchBytes().length
const segmentMs = 5000

interface ModelBatch {
  readonly offset: bigint
  readonly timestamp: number
  readonly sizeBytes: number
  readonly appendedMs: number
}

interface ModelSegment {
  readonly base: bigint
  readonly createdMs: number
  readonly batches: ModelBatch[]
}

/** Kafka's rules for segments in the plainest terms: when a new one begins, and which go. */
class Model {
  segments: ModelSegment[]
  start = 0n
  end = 0n
  durable = 0n
  retentionMs = -1
  retentionBytes = -1
  deletes = true
  startedMs = 0

  constructor(nowMs: number) {
    this.segments = [{ base: 0n, createdMs: nowMs, batches: [] }]
  }

  append(timestamp: number, sizeBytes: number, nowMs: number): void {
    const active = this.segments.at(-1)!
    const first = active.batches[0]
    const ageMs = first !== undefined && first.timestamp >= 0 ? timestamp - first.timestamp : nowMs - active.createdMs
    const isFull = sizeOf(active) > segmentBytes - sizeBytes || ageMs > segmentMs
    if (first !== undefined && isFull) this.segments.push({ base: this.end, createdMs: nowMs, batches: [] })
    this.segments.at(-1)!.batches.push({ offset: this.end, timestamp, sizeBytes, appendedMs: nowMs })
    this.end += 1n
  }

  applyRetention(nowMs: number): void {
    this.#delete((_segment, next) => next !== undefined && next.base <= this.start, nowMs)
    if (!this.deletes) return
    let excess = this.segments.reduce((sum, segment) => sum + sizeOf(segment), 0) - this.retentionBytes
    if (this.retentionBytes >= 0 && excess >= 0) {
      this.#delete((segment) => {
        if (sizeOf(segment) > excess) return false
        excess -= sizeOf(segment)
        return true
      }, nowMs)
    }
    if (this.retentionMs < 0) return
    this.#delete((segment, next) => nowMs - this.#newestMs(segment, next) > this.retentionMs, nowMs)
  }

  #newestMs(segment: ModelSegment, next: ModelSegment | undefined): number {
    const newest = Math.max(...segment.batches.map(({ timestamp }) => timestamp))
    if (newest >= 0) return newest
    if (next !== undefined) return next.createdMs
    const since = segment.batches.filter(({ appendedMs }) => appendedMs >= this.startedMs)
    return Math.max(segment.createdMs, ...since.map(({ appendedMs }) => appendedMs))
  }

  #delete(breaches: (segment: ModelSegment, next: ModelSegment | undefined) => boolean, nowMs: number): void {
    for (let [segment, next] = this.segments; segment !== undefined; [segment, next] = this.segments) {
      const end = next?.base ?? this.end
      if ((next === undefined && segment.batches.length === 0) || end > this.durable || !breaches(segment, next)) return
      if (next === undefined) this.segments.push({ base: this.end, createdMs: nowMs, batches: [] })
      this.segments.shift()
      if (end > this.start) this.start = end
    }
  }
}

const sizeOf = ({ batches }: ModelSegment): number => batches.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)

/** A seed of its own for each run; a failing one is in the message of the failure. */
test.each(Array.from({ length: 5 }, () => Math.floor(Math.random() * 2 ** 31)))(
  'what is left of a log is what its model leaves, seed %d',
  async (seed) => {
    const random = seededRandom(seed)
    const below = (limit: number): number => random.bytes(4).readUInt32BE() % limit
    const real = await TestLog.open({ config: { segmentBytes, segmentMs, retentionMs: -1 } })
    const model = new Model(startMs)
    const [persist, configure] = [() => persistBoth(real, model), () => configureBoth(real, model, below)]
    const actions: readonly (readonly [number, () => Promise<void> | void])[] = [
      [20, () => appendToBoth(real, model, below)],
      [8, persist],
      [5, () => real.clock.advance(below(1500))],
      [12, () => retainBoth(real, model)],
      [2, configure],
      [1, () => deleteFromBoth(real, model, below)],
      [1, () => restartBoth(real, model, below)],
    ]
    const line = actions.flatMap(([weight, act]) => Array<typeof act>(weight).fill(act))
    for (let step = 0; step < steps; step += 1) {
      await line[below(line.length)]!()
      expect(real.log).toMatchObject({ logStartOffset: model.start, logEndOffset: model.end, highWatermark: model.durable })
      expect(real.partition.ranges().map(({ baseOffset }) => baseOffset)).toEqual(model.segments.map(({ base }) => base))
    }
  },
)

type Below = (limit: number) => number

function appendToBoth(real: TestLog, model: Model, below: Below): void {
  const nowMs = real.clock.nowMs()
  // Mostly about now, sometimes from the future, long ago, or without a time.
  const kind = below(12)
  const timestamp = kind === 0 ? nowMs + 20_000 : kind === 1 ? nowMs - 20_000 : kind < 4 ? -1 : nowMs - below(1000)
  const options = { timestamps: [BigInt(timestamp)], key: 'k'.repeat(1 + below(60)) }
  real.append(options)
  model.append(timestamp, testBatchBytes(options).length, nowMs)
}

function persistBoth(real: TestLog, model: Model): void {
  real.persist()
  model.durable = model.end
}

async function retainBoth(real: TestLog, model: Model): Promise<void> {
  await real.log.applyRetention()
  model.applyRetention(real.clock.nowMs())
}

function configureBoth(real: TestLog, model: Model, below: Below): void {
  model.retentionMs = below(3) === 0 ? -1 : 3000 + below(10_000)
  model.retentionBytes = below(2) === 0 ? -1 : below(6 * segmentBytes)
  model.deletes = below(4) > 0
  const { retentionMs, retentionBytes, deletes } = model
  real.log.configure({ ...real.config, retentionMs, retentionBytes, delete: deletes, compact: !deletes && below(2) === 0 })
}

async function deleteFromBoth(real: TestLog, model: Model, below: Below): Promise<void> {
  if (!model.deletes) return
  persistBoth(real, model)
  const before = model.start + BigInt(below(Number(model.end - model.start) + 1))
  await real.log.deleteRecords(before)
  if (before <= model.start) return
  model.start = before
  while (model.segments.length > 1 && model.segments[1]!.base <= before) model.segments.shift()
}

async function restartBoth(real: TestLog, model: Model, below: Below): Promise<void> {
  persistBoth(real, model)
  await (below(2) === 0 ? real.reopen() : real.restartUncleanly())
  configureBoth(real, model, below)
  model.startedMs = real.clock.nowMs() + 1
  await real.clock.advance(1)
}
