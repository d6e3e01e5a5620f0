import type { KafkaError } from '../../protocol/errors.ts'
import type { Durability, PartitionStorage, StorageError } from '../storage/storage.ts'
import { FlushGate } from './flush-gate.ts'
import type { LogConfig } from './log-config.ts'
import { LogWaits } from './log-waits.ts'

export interface LogEndsOptions {
  readonly partition: PartitionStorage
  readonly durability: Durability
  readonly nowMs: number
  /** The high watermark has moved, though nothing was written or synced for anybody else to hear of. */
  readonly opened: () => void
  readonly flushFailed: (error: StorageError) => void
}

/** How far a log is written and how far it counts, and who waits for either. */
export class LogEnds {
  readonly #partition: PartitionStorage
  /** Null where the high watermark is what is durable. */
  readonly #flushGate: FlushGate | null
  readonly #writtenWaits = new LogWaits()
  readonly #durableWaits = new LogWaits()

  constructor({ partition, durability, nowMs, opened, flushFailed }: LogEndsOptions) {
    this.#partition = partition
    this.#flushGate = durability === 'page-cache' ? new FlushGate(partition, nowMs, opened, flushFailed) : null
  }

  get highWatermark(): bigint {
    return this.#flushGate === null ? this.#partition.durableEnd : this.#flushGate.visibleEnd
  }

  /** What acks=1 waits for: what is written, but for a batch with which `flush.messages` is full. */
  get #answeredEnd(): bigint {
    return this.#flushGate === null ? this.#partition.writtenEnd : this.#flushGate.visibleEnd
  }

  appended(baseOffset: bigint, lastOffset: bigint, config: LogConfig, nowMs: number): void {
    this.#flushGate?.appended(baseOffset, lastOffset, config.flushMessages, nowMs)
  }

  /** `refusal`: why nothing more is written, if so. */
  whenWritten(end: bigint, refusal: KafkaError | null): undefined | Promise<void> {
    if (this.#answeredEnd >= end) return undefined
    return refusal === null ? this.#writtenWaits.until(end) : Promise.reject(refusal)
  }

  whenDurable(end: bigint, refusal: KafkaError | null): undefined | Promise<void> {
    if (this.highWatermark >= end) return undefined
    if (refusal !== null) return Promise.reject(refusal)
    if (this.#flushGate === null) this.#partition.durabilityAwaited()
    return this.#durableWaits.until(end)
  }

  /** The storage has written. True: the high watermark may have moved by that. */
  written(): boolean {
    this.#flushGate?.written()
    this.#writtenWaits.reached(this.#answeredEnd)
    return this.#flushGate !== null
  }

  /** The storage has synced. True: the high watermark may have moved by that. */
  durable(): boolean {
    return this.#flushGate === null
  }

  reachedHighWatermark(): void {
    this.#writtenWaits.reached(this.#answeredEnd)
    this.#durableWaits.reached(this.highWatermark)
  }

  reject(error: KafkaError): void {
    this.#writtenWaits.reject(error)
    this.#durableWaits.reject(error)
  }

  async flushIfDue(config: LogConfig, nowMs: number): Promise<void> {
    await this.#flushGate?.flushIfOlderThan(config.flushMs, nowMs)
  }

  /** The log was cut to its high watermark. */
  cut(): void {
    this.#flushGate?.cut()
  }
}
