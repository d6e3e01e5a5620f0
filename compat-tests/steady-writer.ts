import { setTimeout as wait } from 'node:timers/promises'
import type { ClientProcess } from './client-process.ts'

const batchSize = 25
const pauseMs = 40

/** Writes records to a topic, batch after batch, until it is stopped. */
export class SteadyWriter {
  readonly #process: ClientProcess
  readonly #topic: string
  readonly #written: string[] = []
  readonly #done: Promise<void>
  #stopped = false
  #failure: Error | undefined

  private constructor(process: ClientProcess, topic: string) {
    this.#process = process
    this.#topic = topic
    this.#done = this.#run().catch((error: Error) => {
      this.#failure = error
    })
  }

  static async start(process: ClientProcess, topic: string, partitions: number): Promise<SteadyWriter> {
    await process.createTopic(topic, partitions)
    return new SteadyWriter(process, topic)
  }

  /** The values that were acknowledged. */
  get written(): readonly string[] {
    if (this.#failure) throw this.#failure
    return this.#written
  }

  async stop(): Promise<readonly string[]> {
    this.#stopped = true
    await this.#done
    await this.#process.stop()
    return this.written
  }

  async #run(): Promise<void> {
    for (let batch = 0; !this.#stopped; batch++) {
      const records = Array.from({ length: batchSize }, (_, n) => ({ key: `key-${batch}-${n}`, value: `${batch}/${n}` }))
      await this.#process.produce(this.#topic, 'none', {}, records)
      this.#written.push(...records.map(({ value }) => value))
      await wait(pauseMs)
    }
  }
}
