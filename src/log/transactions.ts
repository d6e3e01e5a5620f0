import { AbortedTransactions } from './aborted-transactions.ts'

interface EndedTransaction {
  readonly firstOffset: bigint
  readonly markerOffset: bigint
}

/** What the transactions of a partition leave open: up to where the log is stable, and what of it was aborted. */
export class Transactions {
  readonly aborted = new AbortedTransactions()
  /** Where each producer's transaction began, the earliest first. */
  #open = new Map<bigint, bigint>()
  #firstOpen: bigint | null = null
  /** Those whose marker may lie at or above the high watermark, in the order of the markers. */
  #ended: EndedTransaction[] = []
  #firstEnded: bigint | null = null

  begin(producerId: bigint, firstOffset: bigint): void {
    this.#open.set(producerId, firstOffset)
    this.#firstOpen ??= firstOffset
  }

  end(producerId: bigint, firstOffset: bigint, markerOffset: bigint, commit: boolean): void {
    this.#open.delete(producerId)
    this.#firstOpen = earliest(this.#open)
    this.#ended.push({ firstOffset, markerOffset })
    if (this.#firstEnded === null || firstOffset < this.#firstEnded) this.#firstEnded = firstOffset
    if (commit) return
    this.aborted.add({ producerId, firstOffset, lastOffset: markerOffset }, this.#firstOpen ?? markerOffset + 1n)
  }

  /** How many ended whose marker readers may not see yet. */
  get unseenEnds(): number {
    return this.#ended.length
  }

  /** Readers see all below: whoever ended there holds nobody up any more. */
  seenUpTo(highWatermark: bigint): void {
    if (this.#ended.length > 0) this.#forgetEndedBelow(highWatermark)
  }

  /** Where the earliest transaction began that is open, or whose marker readers cannot see yet; null without one. */
  firstUnstableOffset(highWatermark: bigint): bigint | null {
    this.seenUpTo(highWatermark)
    const open = this.#firstOpen
    const ended = this.#firstEnded
    if (open === null || (ended !== null && ended < open)) return ended
    return open
  }

  #forgetEndedBelow(highWatermark: bigint): void {
    let count = 0
    while (count < this.#ended.length && this.#ended[count]!.markerOffset < highWatermark) count += 1
    if (count === 0) return
    this.#ended.splice(0, count)
    this.#firstEnded = null
    for (const { firstOffset } of this.#ended) {
      if (this.#firstEnded === null || firstOffset < this.#firstEnded) this.#firstEnded = firstOffset
    }
  }
}

function earliest(open: ReadonlyMap<bigint, bigint>): bigint | null {
  for (const firstOffset of open.values()) return firstOffset
  return null
}
