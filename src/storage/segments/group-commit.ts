import type { Clock } from '../../environment/environment.ts'
import type { Journal, JournaledLog, RoundPart } from './journal.ts'
import type { SyncSlots } from './sync-slots.ts'

export interface Syncable extends JournaledLog {
  /** Nothing written waits for a sync. */
  readonly isDurable: boolean
  /** Writes what was appended in this turn. */
  writeAppended(): void
  /** Syncs what is written by now, in the log's own files. Never rejects: a failure is the log's own affair. */
  syncWritten(): Promise<void>
  /** What is written and not durable, for a round of the journal; null if it must go the direct way. */
  joinRound(): RoundPart | null
}

/** What it asks of the journal. */
export type RoundJournal = Pick<Journal, 'onCheckpoint' | 'roundBytesMax' | 'write'>

interface InFlight {
  again: 'no' | 'yes' | 'awaited'
  forgotten: boolean
  readonly ended: Promise<void>
}

/**
 * Decides which log of a directory is synced next, and how: a few at once each in its own files, many together in one
 * round of the journal. Each waits for one sync at most, which covers all that was written before it began.
 */
export class GroupCommit {
  readonly #time: Clock
  readonly #slots: SyncSlots
  readonly #journal: RoundJournal | null
  readonly #awaited = new Set<Syncable>()
  readonly #others = new Set<Syncable>()
  /** Those that the journal does not take. */
  readonly #direct = new Set<Syncable>()
  /** Those whose own files are to be synced though nobody waits for it, and who is told. */
  readonly #background = new Map<Syncable, (() => void)[]>()
  readonly #inFlight = new Map<Syncable, InFlight>()
  #appended: Syncable[] = []
  #writing = false
  #backgroundCount = 0
  #lastWasBackground = false
  #roundUnderWay = false

  constructor(time: Clock, slots: SyncSlots, journal: RoundJournal | null) {
    this.#time = time
    this.#slots = slots
    this.#journal = journal
    journal?.onCheckpoint((log) => this.syncFiles(log as Syncable))
    slots.onFree(() => this.#begin())
  }

  get inFlightCount(): number {
    return this.#inFlight.size
  }

  /** The log writes at the end of the turn. All of a turn come before the first sync: only then is it known how many there are. */
  writeAtEndOfTurn(log: Syncable): void {
    if (this.#appended.push(log) > 1) return
    this.#time.endOfTurn(() => {
      const appended = this.#appended
      this.#appended = []
      this.#writing = true
      try {
        for (const each of appended) each.writeAppended()
      } finally {
        this.#writing = false
        this.#begin()
      }
    })
  }

  /** `awaited`: somebody waits for it, so it goes before logs that nobody waits for. */
  request(log: Syncable, awaited: boolean): void {
    const inFlight = this.#inFlight.get(log)
    if (inFlight !== undefined) {
      inFlight.forgotten = false
      if (inFlight.again !== 'awaited') inFlight.again = awaited ? 'awaited' : 'yes'
      return
    }
    this.#wait(log, awaited)
    if (!this.#writing) this.#begin()
  }

  /** Syncs the log's own files, though nobody waits for it. Settled when that was tried, or the log forgotten. */
  syncFiles(log: Syncable): Promise<void> {
    return new Promise((resolve) => {
      const told = this.#background.get(log)
      if (told === undefined) this.#background.set(log, [resolve])
      else told.push(resolve)
      if (!this.#writing) this.#begin()
    })
  }

  /** Nothing of it begins any more before the next request. */
  forget(log: Syncable): void {
    this.#awaited.delete(log)
    this.#others.delete(log)
    this.#direct.delete(log)
    const inFlight = this.#inFlight.get(log)
    if (inFlight !== undefined) {
      inFlight.again = 'no'
      inFlight.forgotten = true
    }
    const told = this.#background.get(log)
    this.#background.delete(log)
    for (const tell of told ?? []) tell()
  }

  /** Settled when nothing of the log is under way. */
  async ended(log: Syncable): Promise<void> {
    await this.#inFlight.get(log)?.ended
  }

  #wait(log: Syncable, awaited: boolean): void {
    if (this.#direct.has(log)) return
    if (awaited) {
      this.#others.delete(log)
      this.#awaited.add(log)
    } else if (!this.#awaited.has(log)) {
      this.#others.add(log)
    }
  }

  #begin(): void {
    this.#beginBackground()
    this.#beginRound()
    // While a round is under way the next one collects.
    for (let log = this.#nextDirect(); log !== undefined && this.#slots.tryTake(); log = this.#nextDirect()) {
      this.#lastWasBackground = false
      this.#sync(log, () => {})
    }
    if (this.#awaited.size + this.#others.size + this.#direct.size === 0) this.#lastWasBackground = false
    this.#beginBackground()
  }

  #nextDirect(): Syncable | undefined {
    const [direct] = this.#direct
    if (direct !== undefined || this.#roundUnderWay) return direct
    const [awaited] = this.#awaited
    if (awaited !== undefined) return awaited
    const [other] = this.#others
    return other
  }

  /** Leaves a slot to those that somebody waits for; where there is one only, they take turns. */
  #beginBackground(): void {
    while (this.#backgroundCount < Math.max(1, this.#slots.max - 1)) {
      if (this.#slots.max === 1 && this.#lastWasBackground) return
      const log = this.#nextInBackground()
      if (log === undefined || !this.#slots.tryTake()) return
      this.#lastWasBackground = true
      this.#backgroundCount++
      this.#sync(log, () => this.#backgroundCount--)
    }
  }

  #nextInBackground(): Syncable | undefined {
    for (const log of this.#background.keys()) if (!this.#inFlight.has(log)) return log
    return undefined
  }

  #sync(log: Syncable, over: () => void): void {
    this.#awaited.delete(log)
    this.#others.delete(log)
    this.#direct.delete(log)
    const told = this.#background.get(log)
    this.#background.delete(log)
    const ended = log.syncWritten().then(() => {
      over()
      this.#end(log)
      for (const tell of told ?? []) tell()
      this.#slots.release()
    })
    this.#inFlight.set(log, { again: 'no', forgotten: false, ended })
  }

  /** More than can be synced at once: together they are done sooner, and the threads are left to those who read. */
  #beginRound(): void {
    if (this.#journal === null || this.#roundUnderWay) return
    if (this.#awaited.size + this.#others.size <= this.#slots.max) return
    const bytesMax = this.#journal.roundBytesMax()
    if (bytesMax === 0 || !this.#slots.isFree) return
    const joined = this.#collect(bytesMax)
    if (joined.size === 0) return
    this.#slots.tryTake()
    this.#lastWasBackground = false
    this.#roundUnderWay = true
    const ended = this.#write(this.#journal, joined)
    for (const log of joined.keys()) this.#inFlight.set(log, { again: 'no', forgotten: false, ended })
  }

  #collect(bytesMax: number): Map<Syncable, RoundPart> {
    const joined = new Map<Syncable, RoundPart>()
    let leftBytes = bytesMax
    for (const waiting of [this.#awaited, this.#others]) {
      for (const log of waiting) {
        const part = log.joinRound()
        if (part !== null && part.bytes > leftBytes && joined.size > 0) return joined
        waiting.delete(log)
        if (part === null || part.bytes > leftBytes) {
          this.#direct.add(log)
          continue
        }
        leftBytes -= part.bytes
        joined.set(log, part)
      }
    }
    return joined
  }

  async #write(journal: RoundJournal, joined: ReadonlyMap<Syncable, RoundPart>): Promise<void> {
    const durable = await journal.write([...joined.values()])
    for (const [log, part] of joined) {
      const taken = durable.has(part)
      if (taken) part.becameDurable()
      const forgotten = this.#inFlight.get(log)?.forgotten === true
      this.#end(log)
      if (taken || forgotten) continue
      this.#awaited.delete(log)
      this.#others.delete(log)
      this.#direct.add(log)
    }
    this.#roundUnderWay = false
    this.#slots.release()
  }

  #end(log: Syncable): void {
    const { again } = this.#inFlight.get(log)!
    this.#inFlight.delete(log)
    if (again !== 'no' && !log.isDurable) this.#wait(log, again === 'awaited')
  }
}
