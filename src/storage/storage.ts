import type { RecordsSlice, Retained } from '../../protocol/records/records-slice.ts'

/**
 * The storage contract: what `log/` and the metadata log ask of a backend, small enough that a backend cannot get
 * Kafka wrong. It knows batches as bytes with offsets and timestamps; it knows no error codes, topic configs or
 * producers. Every backend passes `storage-suite.ts`.
 *
 * All ends are exclusive. `undefined` in place of a promise means: so already. An operation fails with StorageError.
 */
export interface Storage {
  /**
   * Finds what is there and takes possession of it. `cleanShutdown`: the bytes that the last `close` left in the first directory,
   * if it was clean. Of several directories all but the first may fail: they say so, and the others are used.
   */
  open(): Promise<{ readonly partitions: readonly FoundPartition[]; readonly cleanShutdown: Buffer | null }>
  /** Opens a partition where it is, or makes it. Recovers first, and syncs what it recovered before it calls that durable. */
  openPartition(id: PartitionId, options: OpenOptions): Promise<PartitionStorage>
  /** Deletes a closed or open partition with all its bytes. */
  deletePartition(id: PartitionId): Promise<void>
  /** Named bytes of the first directory that belong to no partition (meta.properties and the like). */
  readonly files: NamedBytes
  /** At least one, always in the same order. The first is where a partition is made for which no other is named. */
  directories(): readonly StorageDirectory[]
  /** Settled once the unwritten bytes are below their limit. */
  whenWritable(): undefined | Promise<void>
  /** Whether topics that differ by case alone would be one and the same here; asked after `open`. */
  ignoresCase(): Promise<boolean>
  /**
   * Closes all partitions, then leaves `cleanShutdown` as the proof that everything was written; null leaves none. 'as found': what
   * `open` found, since nothing was changed.
   */
  close(cleanShutdown: Buffer | null | 'as found'): Promise<void>
}

/** A disk, or a part of one. */
export interface StorageDirectory {
  readonly path: string
  /** Why nothing in it can be used before the next start; null if it can. */
  readonly failure: StorageError | null
  /** Named bytes that belong to this directory and no partition. */
  readonly files: NamedBytes
  space(): { readonly totalBytes: bigint; readonly usableBytes: bigint }
  /** Its contents turned out not to be usable; before any partition in it is opened. */
  fail(error: StorageError): void
}

/** A partition as `open` finds it. */
export interface FoundPartition extends PartitionId {
  readonly directory: StorageDirectory
}

export interface PartitionId {
  /** Kafka's text form. */
  readonly topicId: string
  readonly topic: string
  readonly partition: number
}

export interface OpenOptions {
  /** What to do with bytes that are no sound batch: cut the log there, or refuse to open unless they are its torn last batch. */
  readonly onCorruption: 'cut' | 'refuse'
  /** The leader epoch that opens it; a backend that several processes share refuses an older one (`fenced`). */
  readonly fence: number
  /** Where it is made if it is nowhere yet. Default: the first. */
  readonly directory?: StorageDirectory
  /** How ranges are made, until `configure` says otherwise. Default: `defaultRangeOptions`. */
  readonly ranges?: RangeOptions
  readonly events: StorageEvents
}

export interface RangeOptions {
  /** Bytes of batches between two entries of a range's index. */
  readonly indexIntervalBytes: number
  /** How long a range's index may become. */
  readonly indexBytesMax: number
  /** Space on the disk that a range reserves when it is made; 0 reserves none. */
  readonly preallocateBytes: number
}

/** Kafka's defaults. */
export const defaultRangeOptions: RangeOptions = {
  indexIntervalBytes: 4096,
  indexBytesMax: 10 * 1024 * 1024,
  preallocateBytes: 0,
}

/** Told at the end of a turn, never from within a call. */
export interface StorageEvents {
  written(end: bigint): void
  durable(end: bigint): void
  /** A write or a sync failed. Nothing is taken until `truncateTo`; after a failed sync, never again before a restart. */
  failed(error: StorageError): void
}

export interface BatchPosition {
  readonly baseOffset: bigint
  readonly lastOffset: bigint
  readonly maxTimestamp: bigint
}

/** A stretch of the log that is rolled, deleted and replaced as one: a segment. */
export interface StorageRange {
  readonly baseOffset: bigint
  readonly endOffset: bigint
  readonly sizeBytes: number
  /** -1 when it holds no batch. */
  readonly maxTimestamp: bigint
  readonly createdMs: number
}

/** startOffset ≤ durableEnd ≤ writtenEnd ≤ endOffset. */
export interface PartitionStorage {
  readonly directory: StorageDirectory
  readonly startOffset: bigint
  readonly durableEnd: bigint
  readonly writtenEnd: bigint
  readonly endOffset: bigint
  /** Bytes cut off when it was opened; 0 if it was sound. */
  readonly recoveredBytesCut: number
  /** Adds one batch. Sync: it copies the bytes, or retains them until they are written. */
  append(batch: RecordsSlice, at: BatchPosition): void
  configure(ranges: RangeOptions): void
  /** Starts a new range at the end offset, unless the last one is empty. */
  roll(): void
  /** The index of the last range has no room for another batch: `roll` before the next one. */
  readonly isLastRangeFull: boolean
  /** The timestamp of the last range's first batch; null while it is empty. Sync: after a start it may read one header. */
  firstTimestampOfLastRange(): bigint | null
  ranges(): readonly StorageRange[]
  /**
   * Whole batches from the one that contains `from` up to `end`, of what is written, at most `maxBytes`; `atLeastOne`
   * gives the first batch whatever its size. It may give fewer than would fit (a backend may stop at the end of a
   * range), but none only where there is none. The caller releases the pieces. Sync where the bytes are at hand.
   */
  read(from: bigint, end: bigint, maxBytes: number, atLeastOne: boolean): readonly Retained[] | Promise<readonly Retained[]>
  /** How many bytes `read` could give between two offsets, counted until there are `enoughBytes`. Sync, no I/O; may estimate above, never below, once it is positive. */
  available(from: bigint, end: bigint, enoughBytes: number): number
  /**
   * Visits the batches from the one that contains `from` on, each as its header alone (61 bytes), valid during the call; those whose header does not
   * say enough are given whole: control batches of up to 1 KiB, and entries of old message sets. True ends the walk behind this batch.
   */
  walkHeaders(from: bigint, visit: (header: Buffer) => boolean): Promise<void>
  /** Base offset of the first batch whose max timestamp is at or above `at`; of the first with the largest one for 'max'. */
  batchByTimestamp(at: bigint | 'max'): Promise<bigint | null>
  /** Removes all batches that reach to `end` or beyond; the log then ends where its last batch does. */
  truncateTo(end: bigint): Promise<void>
  /** Removes everything and goes on at `offset`. */
  restartAt(offset: bigint): Promise<void>
  /** May remove ranges that end at or below `offset`; never the one that holds it. */
  deleteBefore(offset: bigint): Promise<void>
  /**
   * Puts `batches`, each buffer one batch, in the place of the ranges between two range borders (the cleaner's). Not of the last range. There may be
   * none. A buffer may be used until the next one is asked for.
   */
  replace(from: bigint, end: bigint, batches: AsyncIterable<Buffer>): Promise<void>
  /** Somebody waits for the durable end to move: what was written is synced before logs that nobody waits for. A hint. */
  durabilityAwaited(): void
  /** Syncs what is written by now, though nothing waits for it: for `durability=page-cache`, where nothing else does. */
  flush(): Promise<void>
  readonly checkpoints: NamedBytes
  /** What was appended is written first, and durable where the backend is. Nothing can be done with it afterwards. */
  close(): Promise<void>
}

/** Small files, each replaced as a whole and durable when `save` is settled. */
export interface NamedBytes {
  list(): Promise<readonly string[]>
  load(name: string): Promise<Buffer | null>
  save(name: string, bytes: Buffer): Promise<void>
  remove(name: string): Promise<void>
}

/** full: no room. io: the system said no. corrupt: bytes that cannot be. fenced: a newer leader opened it. held: another process holds it. */
export type StorageErrorKind = 'full' | 'io' | 'corrupt' | 'fenced' | 'held'

export class StorageError extends Error {
  readonly kind: StorageErrorKind

  constructor(kind: StorageErrorKind, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'StorageError'
    this.kind = kind
  }
}

/**
 * fsync: durable is what was synced to disk. page-cache: the system's memory is enough, as in Kafka; nothing is synced but at a stop.
 * The setting `durability`.
 */
export type Durability = 'fsync' | 'page-cache'
