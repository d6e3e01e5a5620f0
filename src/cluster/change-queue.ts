import { KafkaError } from '../../protocol/errors.ts'
import type { Logger } from '../environment/logger.ts'
import type { Decision } from './cluster.ts'
import type { MetadataDelta } from './metadata-delta.ts'
import { MetadataDraft } from './metadata-draft.ts'
import type { MetadataImage } from './metadata-image.ts'
import type { Committed } from './metadata-log.ts'
import type { MetadataRecord } from './metadata-record.ts'

/** So many records end a batch's gathering, whoever still waits: Kafka's bound for one request. */
const RECORDS_MAX = 10_000

interface Waiting {
  decide(image: MetadataImage): Decision<unknown>
  resolve(result: unknown): void
  reject(error: unknown): void
}

interface Decided {
  readonly waiting: Waiting
  readonly result: unknown
}

export interface ChangeQueueOptions {
  readonly image: MetadataImage
  readonly logger: Logger
  /** Makes the records durable. */
  readonly commit: (records: readonly MetadataRecord[], image: MetadataImage) => Promise<Committed>
  /** The records are durable: logs are opened, the image is published, others are told. */
  readonly apply: (image: MetadataImage, delta: MetadataDelta) => Promise<void>
}

/**
 * The one line in which all changes stand. While a batch is on its way to the disk, others gather; then they are decided
 * one after the other, each over what the ones before it did, and go together.
 */
export class ChangeQueue {
  readonly #options: ChangeQueueOptions
  #image: MetadataImage
  #waiting: Waiting[] = []
  #running: Promise<void> | null = null
  #closed = false

  constructor(options: ChangeQueueOptions) {
    this.#options = options
    this.#image = options.image
  }

  change<T>(decide: (image: MetadataImage) => Decision<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new KafkaError('BROKER_NOT_AVAILABLE', 'The broker is stopping.'))
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ decide, resolve: (result) => resolve(result as T), reject })
      this.#running ??= this.#run()
    })
  }

  /** Takes no more changes and waits for those that it has. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#running
  }

  async #run(): Promise<void> {
    // Those who ask within one turn share a batch.
    await undefined
    while (this.#waiting.length > 0) await this.#oneBatch()
    this.#running = null
  }

  async #oneBatch(): Promise<void> {
    const draft = new MetadataDraft(this.#image)
    const records: MetadataRecord[] = []
    const decided: Decided[] = []
    while (this.#waiting.length > 0 && records.length < RECORDS_MAX) {
      const waiting = this.#waiting.shift() as Waiting
      const decision = decideOne(waiting, draft.current)
      if (decision === null) continue
      for (const record of decision.records) draft.replay(record)
      records.push(...decision.records)
      decided.push({ waiting, result: decision.result })
    }
    try {
      if (records.length > 0) await this.#commit(draft, records)
    } catch (error) {
      this.#options.logger.error({ err: error }, 'A change of the metadata failed; nothing of it took effect.')
      for (const { waiting } of decided) waiting.reject(new KafkaError('KAFKA_STORAGE_ERROR', reasonOf(error)))
      return
    }
    for (const { waiting, result } of decided) waiting.resolve(result)
  }

  async #commit(draft: MetadataDraft, records: readonly MetadataRecord[]): Promise<void> {
    const { endOffset, epoch, timestampMs } = await this.#options.commit(records, this.#image)
    draft.advance(endOffset, epoch, timestampMs)
    this.#image = draft.finish()
    await this.#options.apply(this.#image, draft.delta())
  }
}

/** What a change comes to; null if it refused itself, which is its own affair. */
function decideOne(waiting: Waiting, image: MetadataImage): Decision<unknown> | null {
  try {
    return waiting.decide(image)
  } catch (error) {
    waiting.reject(error)
    return null
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
