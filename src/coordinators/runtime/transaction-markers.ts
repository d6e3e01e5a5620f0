import { type ErrorName, KafkaError } from '../../../protocol/errors.ts'
import type { Cluster, ClusterNode } from '../../cluster/cluster.ts'
import { checkInsyncReplicas } from '../../cluster/min-insync-replicas.ts'
import { OFFSETS_TOPIC } from '../../cluster/topic-names.ts'
import type { Environment, Timer } from '../../environment/environment.ts'
import type { TransactionMarker } from '../../log/partition-log.ts'
import type { TransactionPartition } from '../transaction/transaction-request.ts'

const FIRST_WAIT_MS = 20
const WAIT_MS_MAX = 2000
/** After about five seconds: what comes and goes by itself is not worth a line. */
const LOGGED_ATTEMPT = 8

export interface TransactionMarkersOptions {
  readonly cluster: Pick<Cluster, 'image' | 'onChange'>
  readonly node: Pick<ClusterNode, 'leaderLog' | 'config'>
  /** Whose partitions hold offsets of transactions: they must learn of the end in order with their log. */
  readonly groups: { appendMarker(partition: number, marker: TransactionMarker): Promise<void> }
  readonly environment: Environment
}

/** Ends transactions where they wrote. */
export class TransactionMarkers {
  readonly #options: TransactionMarkersOptions
  readonly #unsubscribe: () => void
  /** Those who wait to try again. */
  readonly #waiting = new Set<() => void>()

  constructor(options: TransactionMarkersOptions) {
    this.#options = options
    // A partition that was deleted, or has a new leader or leader epoch.
    this.#unsubscribe = options.cluster.onChange(() => {
      for (const goOn of [...this.#waiting]) goOn()
    })
  }

  stop(): void {
    this.#unsubscribe()
    for (const goOn of [...this.#waiting]) goOn()
  }

  /** Once, to one partition; settled when the marker is durable. Rejects with KafkaError. */
  async append({ topic, partition }: TransactionPartition, marker: TransactionMarker): Promise<void> {
    const { cluster, node, groups } = this.#options
    const image = cluster.image.topicsByName.get(topic)
    if (image?.partitions[partition] === undefined) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION')
    checkInsyncReplicas(cluster.image, image, partition, node.config)
    if (topic === OFFSETS_TOPIC) {
      await groups.appendMarker(partition, marker)
      return
    }
    const log = node.leaderLog({ name: topic }, partition)
    const { lastOffset } = log.appendMarker(marker)
    const durable = log.whenDurable(lastOffset + 1n)
    if (durable !== undefined) await durable
  }

  /**
   * To every partition, again and again until each has it or is deleted. A partition that knows a newer epoch of the
   * producer or of the coordinator says so in the result: this end is not wanted any more. Given up, without an error, when
   * the coordinator that asked is dropped: the next one asks again.
   */
  async appendToAll(
    partitions: readonly TransactionPartition[],
    marker: TransactionMarker,
    signal: AbortSignal,
  ): Promise<ErrorName | null> {
    const refusals = await Promise.all(partitions.map((partition) => this.#appendUntilDone(partition, marker, signal)))
    return refusals.find((refusal) => refusal !== null) ?? null
  }

  async #appendUntilDone(
    partition: TransactionPartition,
    marker: TransactionMarker,
    signal: AbortSignal,
  ): Promise<ErrorName | null> {
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      try {
        await this.append(partition, marker)
        return null
      } catch (error) {
        if (!(error instanceof KafkaError)) throw error
        if (error.code === 'UNKNOWN_TOPIC_OR_PARTITION' && this.#isGone(partition)) return null
        if (refusing.has(error.code)) return error.code
        if (attempt === LOGGED_ATTEMPT) this.#logWaiting(partition, marker, error)
        await this.#mayHaveChanged(Math.min(FIRST_WAIT_MS * 2 ** attempt, WAIT_MS_MAX))
      }
    }
    return null
  }

  #isGone({ topic, partition }: TransactionPartition): boolean {
    return this.#options.cluster.image.topicsByName.get(topic)?.partitions[partition] === undefined
  }

  /** A drop of the coordinator is noticed at the end of the wait: an AbortSignal is not made for thousands of listeners. */
  #mayHaveChanged(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const goOn = (): void => {
        timer.cancel()
        this.#waiting.delete(goOn)
        resolve()
      }
      const timer: Timer = this.#options.environment.time.after(waitMs, goOn)
      this.#waiting.add(goOn)
    })
  }

  #logWaiting(
    { topic, partition }: TransactionPartition,
    { producerId, producerEpoch }: TransactionMarker,
    err: KafkaError,
  ): void {
    this.#options.environment.logger.warn(
      { topic, partition, producerId, producerEpoch, err },
      `The end of a transaction cannot be written to ${topic}-${partition}; it is tried again until it can.`,
    )
  }
}

/** As in Kafka, the end of a transaction that somebody newer has taken over is not written at all. */
const refusing: ReadonlySet<ErrorName> = new Set<ErrorName>(['INVALID_PRODUCER_EPOCH', 'TRANSACTION_COORDINATOR_FENCED'])
