import { join } from 'node:path'
import type { Buffers } from '../../environment/buffers.ts'
import type { Files, OpenFile } from '../../environment/files.ts'
import type { Logger } from '../../environment/logger.ts'
import { StorageError } from '../storage.ts'
import { entryHeaderBytes, type JournalEntry, type JournalLogId, journalKey, writeEntryHeader } from './journal-entry.ts'
import { storageFailure } from './storage-failure.ts'

/** Kafka ignores files beside the folders of partitions. */
export const journalFile = 'grete.journal'
/** What a log may put into one round: beyond that a sync of its own costs no more than writing everything twice. */
export const partBytesMax = 64 * 1024
/** A round is gathered within a turn of the event loop, which must not stand still for long. */
const roundBytesMax = 1024 * 1024
/** A start after a crash looks for the second half behind the first, also where another version has written it. */
export const journalHalfBytes = 32 * 1024 * 1024
/** At the end of a half, so that what became untrue can always be said. */
const voidBytes = 256 * entryHeaderBytes

/** Bytes that are written to a segment and not synced there. */
export interface Stretch {
  readonly segmentBaseOffset: bigint
  readonly file: OpenFile
  readonly position: number
  readonly bytes: number
}

/** What one log puts into a round. */
export interface RoundPart {
  readonly log: JournaledLog
  readonly stretches: readonly Stretch[]
  /** Of the stretches and their headers. */
  readonly bytes: number
  /** Where the log ends with this. */
  readonly end: bigint
  becameDurable(): void
}

export interface JournaledLog {
  readonly journalId: JournalLogId
  /** Below it the log's own files have everything, synced. */
  readonly checkpointEnd: bigint
}

export interface JournalOptions {
  readonly directory: string
  readonly files: Files
  readonly buffers: Buffers
  readonly logger: Logger
  readonly halfBytes?: number
}

interface Half {
  /** The logs whose own files may lack what stands here, and up to where. */
  readonly logs: Map<JournaledLog, bigint>
  emptying: Promise<void> | null
}

interface Retraction {
  readonly log: JournaledLog
  readonly settle: (error: StorageError | null) => void
}

/**
 * Makes what many logs have written durable by one sync: a round copies it behind one another into one file. The
 * segments are synced later, in the background, and then the journal is written over from its beginning: it has two
 * halves, of which one is filled while the logs of the other are synced. Only a start after a crash reads it.
 *
 * Rounds and retractions follow each other; what was written and not synced when the power went is no sound entry, or
 * true all the same.
 */
export class Journal {
  readonly #options: JournalOptions
  readonly #halfBytes: number
  readonly #halves: readonly [Half, Half] = [newHalf(), newHalf()]
  /** In which generation a log last had an entry. */
  readonly #generations = new Map<string, number>()
  #state: 'none' | 'making' | 'open' | 'failed' | 'off' = 'none'
  #file: OpenFile | null = null
  #making: Promise<void> | null = null
  #generation = 1
  /** Of the last round that was synced: one that is begun may not have put an end to the one before the last yet. */
  #durableGeneration = 0
  #nextNumber = 0
  #position = 0
  #underWay: Promise<unknown> | null = null
  #retractions: Retraction[] = []
  #retracting: Promise<void> | null = null
  #leaving: Promise<void> | null = null
  #checkpoint: (log: JournaledLog) => Promise<void> = async () => {}

  constructor(options: JournalOptions) {
    this.#options = options
    this.#halfBytes = options.halfBytes ?? journalHalfBytes
  }

  /** How the own files of a log are synced. */
  onCheckpoint(checkpoint: (log: JournaledLog) => Promise<void>): void {
    this.#checkpoint = checkpoint
  }

  /** How much the next round may hold; 0 where there can be none now. */
  roundBytesMax(): number {
    if (this.#state === 'none') this.#making = this.#make()
    if (this.#state !== 'open' || this.#retracting !== null) return 0
    const leftBytes = this.#halfBytes - voidBytes - this.#position
    if (leftBytes >= Math.min(roundBytesMax, this.#halfBytes / 8)) return Math.min(roundBytesMax, leftBytes)
    return this.#beginOtherHalf() ? Math.min(roundBytesMax, this.#halfBytes - voidBytes) : 0
  }

  /** Gives the parts that are durable. The others must be synced in their own files: a round that fails fails no log. */
  async write(parts: readonly RoundPart[]): Promise<ReadonlySet<RoundPart>> {
    const writing = this.#writeRound(parts)
    this.#underWay = writing
    try {
      return await writing
    } finally {
      this.#underWay = null
    }
  }

  /** Whether a start after a crash could find anything of the log. */
  mayHold(log: JournaledLog): boolean {
    const generation = this.#generations.get(journalKey(log.journalId))
    return generation !== undefined && generation >= this.#durableGeneration - 1
  }

  /**
   * Makes void what is noted of a log: its own files have everything, or it was deleted. Must be settled before anything
   * else becomes of these bytes: the next start would undo it. Nothing of the log is in a round meanwhile.
   */
  async retract(log: JournaledLog): Promise<void> {
    if (!this.mayHold(log)) return
    await new Promise<void>((resolve, reject) => {
      this.#retractions.push({ log, settle: (error) => (error === null ? resolve() : reject(error)) })
      this.#retracting ??= this.#retractAll()
    })
  }

  /** After all logs were closed. False: a start must look into it, since the files of a log lack what is in it. */
  async close(): Promise<boolean> {
    await this.#making
    await this.#retracting
    await this.#underWay
    for (const half of this.#halves) await half.emptying
    await this.#leaving
    return await this.#tryToRemove()
  }

  async #make(): Promise<void> {
    const { directory, files } = this.#options
    this.#state = 'making'
    try {
      this.#file = await files.open(join(directory, journalFile), { create: true })
      await files.syncDirectory(directory)
      this.#state = 'open'
    } catch (error) {
      this.#fail(error)
    }
  }

  #beginOtherHalf(): boolean {
    const full = this.#halves[this.#generation % 2]!
    const other = this.#halves[(this.#generation + 1) % 2]!
    if (!this.#isEmpty(other)) return false
    for (const [key, generation] of this.#generations) if (generation < this.#durableGeneration - 1) this.#generations.delete(key)
    this.#generation++
    this.#nextNumber = 0
    this.#position = 0
    this.#empty(full)
    return true
  }

  /** One that a log still needs is emptied once more: its files may have been synced, or the log have been closed, since. */
  #isEmpty(half: Half): boolean {
    if (half.emptying !== null) return false
    for (const [log, end] of half.logs) if (log.checkpointEnd >= end) half.logs.delete(log)
    if (half.logs.size > 0) this.#empty(half)
    return half.logs.size === 0
  }

  #empty(half: Half): void {
    // Not within this call: a sync that begins asks for the next round, and that whether this half is being emptied.
    half.emptying ??= Promise.resolve()
      .then(() => this.#checkpointAll(half))
      .finally(() => {
        half.emptying = null
      })
  }

  async #checkpointAll({ logs }: Half): Promise<void> {
    const left = logs.entries()
    const lane = async (): Promise<void> => {
      for (const [log, end] of left) {
        if (log.checkpointEnd < end) await this.#checkpoint(log)
        if (log.checkpointEnd >= end) logs.delete(log)
      }
    }
    await Promise.all([lane(), lane()])
  }

  async #writeRound(parts: readonly RoundPart[]): Promise<ReadonlySet<RoundPart>> {
    const { buffers } = this.#options
    const buffer = buffers.take(parts.reduce((sum, part) => sum + part.bytes, 0))
    try {
      const gathered = this.#gather(parts, buffer)
      if (gathered.bytes === 0) return gathered.parts
      await this.#append(buffer.subarray(0, gathered.bytes))
      const half = this.#halves[this.#generation % 2]!
      for (const part of gathered.parts) half.logs.set(part.log, part.end)
      return gathered.parts
    } catch (error) {
      this.#fail(error)
      return new Set()
    } finally {
      buffers.give(buffer)
    }
  }

  /** From the system's memory: keeping what was appended until its round would pin the memory of requests. */
  #gather(parts: readonly RoundPart[], into: Buffer): { readonly parts: ReadonlySet<RoundPart>; readonly bytes: number } {
    const gathered = new Set<RoundPart>()
    let at = 0
    for (const part of parts) {
      const begin = at
      const firstNumber = this.#nextNumber
      try {
        for (const { file, segmentBaseOffset, position, bytes } of part.stretches) {
          const body = into.subarray(at + entryHeaderBytes, at + entryHeaderBytes + bytes)
          if (file.readSync(body, position) !== bytes) throw new Error(`${file.path} is shorter than what was written to it`)
          this.#writeHeader({ kind: 'bytes', log: part.log.journalId, segmentBaseOffset, position, bytes }, into, at)
          at += entryHeaderBytes + bytes
        }
        gathered.add(part)
      } catch {
        // The sync of its own files will say what is wrong.
        at = begin
        this.#nextNumber = firstNumber
      }
    }
    return { parts: gathered, bytes: at }
  }

  #writeHeader(entry: Omit<JournalEntry, 'generation' | 'number'>, into: Buffer, at: number): void {
    writeEntryHeader({ ...entry, generation: this.#generation, number: this.#nextNumber++ }, into, at)
    // Before it is written: a round that fails may be found all the same.
    this.#generations.set(journalKey(entry.log), this.#generation)
  }

  async #append(bytes: Buffer): Promise<void> {
    const file = this.#file!
    const position = (this.#generation % 2) * this.#halfBytes + this.#position
    // At once even where it is long: these pages are in the system's memory, and none of them is being written back.
    file.writeSync([bytes], position)
    await file.sync()
    this.#position += bytes.length
    this.#durableGeneration = this.#generation
  }

  async #retractAll(): Promise<void> {
    await this.#underWay
    while (this.#retractions.length > 0) {
      const retractions = this.#retractions.splice(0, voidBytes / entryHeaderBytes)
      try {
        await this.#retractTogether(retractions)
        for (const { settle } of retractions) settle(null)
      } catch (error) {
        const failure = storageFailure(error, join(this.#options.directory, journalFile))
        for (const { settle } of retractions) settle(failure)
      }
    }
    this.#retracting = null
  }

  async #retractTogether(retractions: readonly Retraction[]): Promise<void> {
    for (const { log } of retractions) for (const half of this.#halves) half.logs.delete(log)
    if (this.#state === 'open') await this.#voidEntries(retractions)
    // What cannot be made void one by one goes as a whole, or not.
    if (this.#state === 'failed') await this.#leave()
    if (this.#state === 'failed') throw new StorageError('io', `${journalFile} cannot be written, and logs still need it`)
    for (const { log } of retractions) this.#generations.delete(journalKey(log.journalId))
  }

  async #voidEntries(retractions: readonly Retraction[]): Promise<void> {
    const bytes = retractions.length * entryHeaderBytes
    while (this.#halfBytes - this.#position < bytes && !this.#beginOtherHalf()) {
      const other = this.#halves[(this.#generation + 1) % 2]!
      await other.emptying
      if (!this.#isEmpty(other)) throw new StorageError('io', `${journalFile} is full of what could not be synced elsewhere`)
    }
    const buffer = this.#options.buffers.take(bytes)
    try {
      for (const [index, { log }] of retractions.entries()) {
        const entry = { kind: 'void', log: log.journalId, segmentBaseOffset: 0n, position: 0, bytes: 0 } as const
        this.#writeHeader(entry, buffer, index * entryHeaderBytes)
      }
      await this.#append(buffer)
    } catch (error) {
      this.#fail(error)
    } finally {
      this.#options.buffers.give(buffer)
    }
  }

  /** No round is tried again, neither as if it had worked nor at all: each log is synced by itself from here on. */
  #fail(error: unknown): void {
    const { directory, logger } = this.#options
    const path = join(directory, journalFile)
    const failure = storageFailure(error, path)
    this.#state = 'failed'
    logger.error(
      { err: error, path },
      `${failure.message}. Until the next start each log is synced by itself, which is slower with many; see to the disk.`,
    )
    void this.#leave()
  }

  /** Removes the journal as soon as the logs do without it. */
  async #leave(): Promise<void> {
    this.#leaving = (this.#leaving ?? Promise.resolve()).then(() => this.#tryToLeave())
    await this.#leaving
  }

  async #tryToLeave(): Promise<void> {
    if (this.#state !== 'failed') return
    for (const half of this.#halves) {
      this.#empty(half)
      await half.emptying
    }
    if (await this.#tryToRemove()) this.#state = 'off'
  }

  async #tryToRemove(): Promise<boolean> {
    try {
      return await this.#remove()
    } catch (error) {
      const path = join(this.#options.directory, journalFile)
      this.#options.logger.error({ err: error, path }, `${path} could not be removed; the next start does it.`)
      return false
    }
  }

  async #remove(): Promise<boolean> {
    const { directory, files } = this.#options
    for (const { logs } of this.#halves) {
      for (const [log, end] of logs) if (log.checkpointEnd >= end) logs.delete(log)
      if (logs.size > 0) return false
    }
    if (this.#file === null && this.#state !== 'failed') return true
    const file = this.#file
    this.#file = null
    await file?.close()
    await files.remove(join(directory, journalFile))
    await files.syncDirectory(directory)
    this.#generations.clear()
    return true
  }
}

function newHalf(): Half {
  return { logs: new Map(), emptying: null }
}
