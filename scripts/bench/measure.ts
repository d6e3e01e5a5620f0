import type { BrokerChoice } from './broker-choice.ts'
import type { BrokerUnderBench } from './broker-under-bench.ts'
import type { Measured } from './measurement.ts'

export type Acks = '0' | '1' | 'all'
export type Codec = 'none' | 'lz4' | 'zstd'

/** One way to produce; `partitions` above one is Java's affair, since kcat stalls there. */
export interface ProduceCase {
  readonly recordBytes: number
  readonly acks: Acks
  readonly partitions: number
  readonly codec: Codec
}

/** How much is done; every broker of a run gets the same. */
export interface Volumes {
  /** What a client sends, or reads, in one trial. */
  readonly megabytes: number
  readonly produceCases: readonly ProduceCase[]
  /** Records a second of the latency trials, and for how long. */
  readonly rates: readonly number[]
  readonly latencySeconds: number
  readonly latencyAcks: Acks
  /** What the measure `memory` sends in all. */
  readonly memoryGigabytes: number
  readonly idlePartitions: number
  readonly idleConnections: number
}

/** What is measured on one broker at a time, in turns: first all brokers once, then all once more, in the other order. */
export type Trial =
  | { readonly title: string; readonly on: 'running'; run(broker: BrokerUnderBench): Promise<Measured> }
  | { readonly title: string; readonly on: 'started'; run(choice: BrokerChoice): Promise<Measured> }

export interface Measure {
  readonly name: string
  /** One line of the help. */
  readonly doc: string
  /** Whether it belongs to a run that names no measures. */
  readonly byDefault: boolean
  trials(volumes: Volumes): readonly Trial[]
}
