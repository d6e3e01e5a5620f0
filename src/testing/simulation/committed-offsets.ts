import { lastEffectMs } from './simulated-network.ts'
import type { SimulatedTime } from './simulated-time.ts'
import type { Violations } from './violations.ts'

/** One commit of an offset of one partition: between its begin and its last effect it may become what is committed. */
interface Commit {
  readonly id: string
  readonly offset: bigint
  readonly begin: number
  readonly beginMs: number
  /** When somebody was told that it is committed; null: nobody was. */
  known: number | null
  /** When it can have no effect any more; null: it still can. */
  lastEffect: number | null
}

/** A commit on its way. */
export interface OpenCommit {
  /** Goes with the offset as its metadata: what is fetched tells by it which commit it was. */
  readonly id: string
  acknowledged(): void
  /** It was not done, and will not be. */
  refused(): void
  /** Nobody knows. */
  lost(): void
  /** It arrives a second time, later. */
  doubled(): void
}

/** A look at what is committed. */
export interface OffsetLook {
  found(offset: bigint, id: string): void
}

/**
 * What a committed offset may be, as a register: whoever looks sees the last commit that somebody was told of before he
 * looked, or one that was under way since then; never an older one, never none.
 */
export class CommittedOffsets {
  readonly #commits = new Map<string, Commit[]>()
  /** Of topics that were deleted: what was committed by then may be gone. */
  readonly #deleted = new Map<string, number>()
  readonly #time: SimulatedTime
  readonly #violations: Violations
  #now = 0
  #lastId = 0
  acknowledgedCount = 0
  lookCount = 0

  constructor(time: SimulatedTime, violations: Violations) {
    this.#time = time
    this.#violations = violations
  }

  keys(): Iterable<string> {
    return this.#commits.keys()
  }

  begin(key: string, offset: bigint): OpenCommit {
    const id = `c${++this.#lastId}`
    const commit: Commit = { id, offset, begin: ++this.#now, beginMs: this.#time.nowMs, known: null, lastEffect: null }
    const commits = this.#commits.get(key) ?? []
    this.#commits.set(key, commits)
    commits.push(commit)
    let isDoubled = false
    return {
      id: commit.id,
      acknowledged: () => {
        this.acknowledgedCount += 1
        if (commit.begin > (this.#deleted.get(topicOf(key)) ?? 0)) commit.known ??= ++this.#now
        if (!isDoubled) commit.lastEffect = ++this.#now
        this.#forgetOld(key)
      },
      refused: () => {
        if (!isDoubled) commits.splice(commits.indexOf(commit), 1)
      },
      lost: () => this.#endLater(commit),
      doubled: () => {
        isDoubled = true
        this.#endLater(commit)
      },
    }
  }

  /** From now on the offsets of the topic that are committed may be gone. */
  topicDeleted(topic: string): void {
    this.#deleted.set(topic, ++this.#now)
    for (const [key, commits] of this.#commits) {
      if (topicOf(key) !== topic) continue
      for (const commit of commits) commit.known = null
    }
  }

  look(key: string): OffsetLook {
    const begin = ++this.#now
    return { found: (offset, id) => this.#found(key, begin, offset, id) }
  }

  #endLater(commit: Commit): void {
    this.#time.after(lastEffectMs, () => {
      commit.lastEffect ??= ++this.#now
    })
  }

  #found(key: string, begin: number, offset: bigint, id: string): void {
    this.lookCount += 1
    const commits = this.#commits.get(key) ?? []
    const newest = commits.filter(({ known }) => known !== null && known < begin).sort((a, b) => b.begin - a.begin)[0]
    if (offset < 0n) {
      if (newest !== undefined) this.#wrong(key, newest, 'nothing')
      return
    }
    const found = commits.find((commit) => commit.id === id)
    if (found === undefined || found.offset !== offset) {
      this.#wrong(key, newest, `${offset} (${id}), which is too old or was never committed`)
      return
    }
    const isOver = newest !== undefined && found.lastEffect !== null && found.lastEffect < newest.begin
    if (isOver) this.#wrong(key, newest, `${offset} (${id})`)
    // It took effect: nothing older may come back.
    if (found.begin > (this.#deleted.get(topicOf(key)) ?? 0)) found.known ??= ++this.#now
  }

  #wrong(key: string, newest: Commit | undefined, found: string): void {
    const known = newest === undefined ? 'nothing was known to be' : `${newest.offset} (${newest.id}) was known to be`
    this.#violations.report('offsets-kept', `${key}: ${known} committed, found was ${found}`)
  }

  /** Those that were over before another began which every look that is still under way must have seen. */
  #forgetOld(key: string): void {
    const commits = this.#commits.get(key)
    if (commits === undefined || commits.length < 32) return
    const longAgoMs = this.#time.nowMs - 2 * lastEffectMs
    const settled = commits.filter(({ known, beginMs }) => known !== null && beginMs < longAgoMs)
    const newestBegin = Math.max(...settled.map(({ begin }) => begin))
    const kept = commits.filter(({ lastEffect }) => lastEffect === null || lastEffect >= newestBegin)
    commits.splice(0, commits.length, ...kept)
  }
}

/** Keys are `group/topic/partition`. */
const topicOf = (key: string): string => key.slice(key.indexOf('/') + 1, key.lastIndexOf('/'))
