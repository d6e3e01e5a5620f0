import { decodeCheckpoint, encodeCheckpoint, parseCheckpointNumber } from '../storage/checkpoint-text.ts'

export interface LeaderEpochStart {
  readonly epoch: number
  readonly startOffset: bigint
}

/** Answer of OffsetForLeaderEpoch; (-1, -1) when nothing is known of the epoch. */
export interface EpochEndOffset {
  readonly leaderEpoch: number
  readonly endOffset: bigint
}

/** Shared by all partitions that nobody has written to. */
const none: readonly LeaderEpochStart[] = []
const unknown: EpochEndOffset = { leaderEpoch: -1, endOffset: -1n }

/**
 * Which leader epoch began at which offset, oldest first. Clients find out by it that the log lost its tail (KIP-320), so
 * a wrong answer rewinds them or loses data.
 */
export class LeaderEpochs {
  #starts: readonly LeaderEpochStart[] = none
  /** The last epoch that the file has; -1 where there is no file. */
  #savedEpoch = -1
  /** The file tells of a tail that is gone. */
  #savedWasCut = false

  /** Kafka's `leader-epoch-checkpoint`; null if the bytes are no such file. */
  static decode(bytes: Buffer): LeaderEpochs | null {
    const epochs = new LeaderEpochs()
    // Kafka makes the file empty: then the batches tell.
    const entries = bytes.length === 0 ? null : decodeCheckpoint(bytes)
    if (entries === null) return null
    for (const [epochText, startText] of entries) {
      const epoch = parseCheckpointNumber(epochText)
      const startOffset = parseCheckpointNumber(startText)
      if (epoch === null || startOffset === null || epoch < 0n || epoch > 0x7fffffffn || startOffset < 0n) return null
      epochs.assign(Number(epoch), startOffset)
    }
    epochs.saved()
    return epochs
  }

  encode(): Buffer {
    return encodeCheckpoint(this.#starts.map(({ epoch, startOffset }) => `${epoch} ${startOffset}`))
  }

  /**
   * Whether the file must be written before anything relies on it. An epoch without batches need not be in it: each start begins
   * a new one, and thousands of idle partitions would write thousands of files for nothing.
   */
  mustBeSaved(logEndOffset: bigint): boolean {
    return (
      this.#savedWasCut || this.#starts.some(({ epoch, startOffset }) => epoch > this.#savedEpoch && startOffset < logEndOffset)
    )
  }

  /** What `encode` gave last is in the file. */
  saved(epoch = this.latest?.epoch ?? -1): void {
    this.#savedEpoch = epoch
    this.#savedWasCut = false
  }

  get earliest(): LeaderEpochStart | undefined {
    return this.#starts[0]
  }

  get latest(): LeaderEpochStart | undefined {
    return this.#starts.at(-1)
  }

  /** Epochs and offsets both rise; what contradicts the newer entry is gone from the log. */
  assign(epoch: number, startOffset: bigint): void {
    const { latest } = this
    if (latest !== undefined && latest.epoch === epoch && startOffset >= latest.startOffset) return
    const before = this.#starts.filter((start) => start.epoch < epoch && start.startOffset < startOffset)
    this.#starts = [...before, { epoch, startOffset }]
  }

  /** The largest known epoch up to the asked one, and where the next one began (the log end offset for the latest). */
  endOffsetFor(epoch: number, logEndOffset: bigint): EpochEndOffset {
    const { latest } = this
    if (epoch < 0 || latest === undefined || epoch > latest.epoch) return unknown
    if (epoch === latest.epoch) return { leaderEpoch: epoch, endOffset: logEndOffset }
    const higher = this.#starts.findIndex((start) => start.epoch > epoch)
    const endOffset = this.#starts[higher]!.startOffset
    // Below all that is known: its records were deleted, and the log goes on where the first known epoch begins.
    return { leaderEpoch: this.#starts[higher - 1]?.epoch ?? epoch, endOffset }
  }

  /** The log ends at `end` now. */
  truncateFromEnd(end: bigint): void {
    if (this.#starts.length === 0 || this.latest!.startOffset < end) return
    this.#starts = this.#starts.filter((start) => start.startOffset < end)
    this.#savedWasCut = true
  }

  /** The log begins at `start` now: the epoch that holds it begins there. */
  truncateFromStart(start: bigint): void {
    const holder = this.#starts.findLastIndex((entry) => entry.startOffset <= start)
    if (holder === -1) return
    this.#starts = [{ epoch: this.#starts[holder]!.epoch, startOffset: start }, ...this.#starts.slice(holder + 1)]
  }
}
