import type { NamedBytes, StorageRange } from '../storage/storage.ts'
import type { AbortedTransactions } from './aborted-transactions.ts'
import { LeaderEpochs } from './leader-epochs.ts'
import { decodeProducerSnapshot } from './producer-snapshot.ts'
import type { ProducerEntry } from './producer-state.ts'

const epochsFile = 'leader-epoch-checkpoint'
const snapshotSuffix = '.snapshot'
const indexSuffix = '.txnindex'
const namePattern = /^(\d{20})(\.snapshot|\.txnindex)$/

/** What a log knew when it ended at `offset`, as its files will have it. */
export interface CapturedState {
  readonly offset: bigint
  /** Null: the file is there already. */
  readonly snapshot: Buffer | null
  readonly epochs: LeaderEpochs | null
  /** Of each segment in which something happened since the last time; empty where no transaction was aborted. */
  readonly indexes: readonly { readonly base: bigint; readonly bytes: Buffer }[]
}

export interface LoadedIndexes {
  /** A segment whose index is broken. */
  readonly broken: bigint | null
  /** The first whose index tells of a tail that is lost. */
  readonly stale: bigint | null
}

/** Shared by all partitions that have none. */
const none: readonly bigint[] = []
const nothingUnderWay: Promise<void> = Promise.resolve()

/**
 * The small files beside the batches of a log: Kafka's snapshots of producers, indexes of aborted transactions, and leader epochs.
 * A snapshot is written last: where there is one, the other files hold all that happened below its offset.
 */
export class StateFiles {
  readonly #files: NamedBytes
  /** Where the snapshots are that there are, the newest last. */
  #snapshots: readonly bigint[] = none
  #indexes: readonly bigint[] = none
  #hasEpochs = false
  #last = nothingUnderWay
  #closed = false

  private constructor(files: NamedBytes) {
    this.#files = files
  }

  /** One look tells what there is: most partitions have little. */
  static async find(files: NamedBytes): Promise<StateFiles> {
    const found = new StateFiles(files)
    for (const name of await files.list()) {
      if (name === epochsFile) found.#hasEpochs = true
      const [, digits, suffix] = namePattern.exec(name) ?? []
      if (digits === undefined) continue
      if (suffix === snapshotSuffix) found.#snapshots = [...found.#snapshots, BigInt(digits)]
      else found.#indexes = [...found.#indexes, BigInt(digits)]
    }
    found.#snapshots = inOrder(found.#snapshots)
    return found
  }

  get isEmpty(): boolean {
    return !this.#hasEpochs && this.#snapshots.length + this.#indexes.length === 0
  }

  get newestSnapshot(): bigint | undefined {
    return this.#snapshots.at(-1)
  }

  /** What the batches told anyway is not missed: a file that is broken is as good as none. */
  async loadEpochs(): Promise<LeaderEpochs> {
    const bytes = this.#hasEpochs ? await this.#files.load(epochsFile) : null
    return (bytes === null ? null : LeaderEpochs.decode(bytes)) ?? new LeaderEpochs()
  }

  /** The newest snapshot at or below an offset that is sound. */
  async loadSnapshot(
    atMost: bigint,
    nowMs: number,
  ): Promise<{ readonly offset: bigint; readonly producers: ReadonlyMap<bigint, ProducerEntry> } | null> {
    for (const offset of this.#snapshots.toReversed()) {
      if (offset > atMost) continue
      const bytes = await this.#files.load(nameOf(offset, snapshotSuffix))
      const producers = bytes === null ? null : decodeProducerSnapshot(bytes, nowMs)
      if (producers !== null) return { offset, producers }
      await this.#removeSnapshot(offset)
    }
    return null
  }

  /** Adds the transactions that were aborted below `end`. */
  async loadAborted(aborted: AbortedTransactions, ranges: readonly StorageRange[], end: bigint): Promise<LoadedIndexes> {
    let stale: bigint | null = null
    for (const { baseOffset, endOffset } of this.#indexes.length === 0 ? [] : ranges) {
      if (baseOffset >= end) break
      if (!this.#indexes.includes(baseOffset)) continue
      const bytes = await this.#files.load(nameOf(baseOffset, indexSuffix))
      const added = bytes === null ? 'all' : aborted.addIndex(bytes, baseOffset, endOffset < end ? endOffset : end)
      if (added === 'none') return { broken: baseOffset, stale }
      if (added === 'some') stale ??= baseOffset
    }
    return { broken: null, stale }
  }

  /** Those of a tail that the log has lost, and those from before its start, which lack what their producers did since. */
  async removeSnapshotsOutside(start: bigint, end: bigint): Promise<boolean> {
    const outside = this.#snapshots.filter((offset) => offset < start || offset > end)
    for (const offset of outside) await this.#removeSnapshot(offset)
    return outside.length > 0
  }

  /** One state after the other. Where it fails nothing is lost but time: the next start reads more. */
  save(captured: CapturedState): Promise<void> {
    return this.#inOrder(() => this.#save(captured))
  }

  /** Nothing is being written any more. */
  settled(): Promise<void> {
    return this.#last
  }

  /**
   * Removes what goes with segments that are no more, and snapshots that no start would look at: those neither at the
   * beginning of a segment nor needed in case all behind `durableEnd` is lost.
   */
  async prune(ranges: readonly StorageRange[], durableEnd: bigint): Promise<void> {
    if (this.#snapshots.length + this.#indexes.length > 1) await this.#inOrder(() => this.#prune(ranges, durableEnd))
  }

  /** Nothing is written from now on: the folder is about to be another's. Settled when nothing is under way. */
  close(): Promise<void> {
    this.#closed = true
    return this.#last
  }

  #inOrder(run: () => Promise<void>): Promise<void> {
    const result = this.#last.then(async () => {
      if (!this.#closed) await run()
    })
    this.#last = result.catch(() => {})
    return result
  }

  async #prune(ranges: readonly StorageRange[], durableEnd: bigint): Promise<void> {
    const bases = new Set(ranges.map(({ baseOffset }) => baseOffset))
    const start = ranges[0]?.baseOffset ?? 0n
    const newestSafe = this.#snapshots.findLast((offset) => offset <= durableEnd) ?? -1n
    for (const offset of this.#snapshots) {
      if (offset < start || (offset < newestSafe && !bases.has(offset))) await this.#removeSnapshot(offset)
    }
    for (const base of this.#indexes) if (!bases.has(base)) await this.#removeIndex(base)
  }

  async #save({ offset, snapshot, epochs, indexes }: CapturedState): Promise<void> {
    for (const { base, bytes } of indexes) {
      if (bytes.length > 0) await this.#saveIndex(base, bytes)
      else if (this.#indexes.includes(base)) await this.#removeIndex(base)
    }
    if (epochs !== null) await this.#saveEpochs(epochs)
    if (snapshot === null || this.#snapshots.includes(offset)) return
    await this.#files.save(nameOf(offset, snapshotSuffix), snapshot)
    this.#snapshots = inOrder([...this.#snapshots, offset])
  }

  async #saveEpochs(epochs: LeaderEpochs): Promise<void> {
    const epoch = epochs.latest?.epoch
    await this.#files.save(epochsFile, epochs.encode())
    this.#hasEpochs = true
    epochs.saved(epoch)
  }

  async #saveIndex(base: bigint, bytes: Buffer): Promise<void> {
    await this.#files.save(nameOf(base, indexSuffix), bytes)
    if (!this.#indexes.includes(base)) this.#indexes = [...this.#indexes, base]
  }

  async #removeIndex(base: bigint): Promise<void> {
    await this.#files.remove(nameOf(base, indexSuffix))
    this.#indexes = this.#indexes.filter((each) => each !== base)
  }

  async #removeSnapshot(offset: bigint): Promise<void> {
    await this.#files.remove(nameOf(offset, snapshotSuffix))
    this.#snapshots = this.#snapshots.filter((each) => each !== offset)
  }
}

function nameOf(offset: bigint, suffix: string): string {
  return `${offset.toString().padStart(20, '0')}${suffix}`
}

function inOrder(offsets: readonly bigint[]): readonly bigint[] {
  return offsets.length < 2 ? offsets : offsets.toSorted((one, other) => (one < other ? -1 : 1))
}
