import { coordinatorPartition } from '../../../protocol/coordinator-records/partition-for.ts'
import { KafkaError } from '../../../protocol/errors.ts'
import type { Cluster, ClusterNode } from '../../cluster/cluster.ts'
import type { MetadataDelta } from '../../cluster/metadata-delta.ts'
import type { Environment } from '../../environment/environment.ts'
import type { PartitionLog, TransactionMarker } from '../../log/partition-log.ts'
import type { Machine } from '../machine.ts'
import type { CoordinatorCaller } from './coordinator.ts'
import { type AppendGuard, CoordinatorPartition, type PartitionFacts } from './coordinator-partition.ts'

export interface TopicCoordinatorOptions<Image, Kept, Effect, Result> {
  /** The internal topic that the machines write to. */
  readonly topic: string
  readonly cluster: Pick<Cluster, 'image' | 'onChange'>
  readonly node: Pick<ClusterNode, 'leaderLog'>
  readonly environment: Environment
  readonly newMachine: () => Kept
  readonly image: Image
  /** Does what only the runtime can. Must not reject: what can fail has a result that says so. */
  readonly run: (effect: Effect, facts: PartitionFacts) => Promise<Result>
  /** For each partition of the topic. */
  readonly openRequestsMax: number
  readonly batchBytesMax: number
}

interface Loaded<Request, Image, Kept, Effect, Result> {
  readonly machine: Kept
  readonly coordinator: CoordinatorPartition<Request, Image, Effect, Result>
  readonly unwatch: () => void
}

/** A coordinator for each partition of an internal topic that this node leads. */
export class TopicCoordinator<
  Request,
  Image,
  Kept extends Machine<Request, Image, Effect, Result>,
  Effect = never,
  Result = never,
> {
  readonly #options: TopicCoordinatorOptions<Image, Kept, Effect, Result>
  readonly #partitions = new Map<number, Loaded<Request, Image, Kept, Effect, Result>>()
  readonly #unsubscribe: () => void
  #isStopped = false

  constructor(options: TopicCoordinatorOptions<Image, Kept, Effect, Result>) {
    this.#options = options
    this.#unsubscribe = options.cluster.onChange((_image, delta) => this.#changed(delta))
    this.#refreshAll()
  }

  /** Rejects with KafkaError where no answer of a machine comes. The guard is for records of a transaction, see `PartitionLog`. */
  request(key: string, request: Request, caller: CoordinatorCaller, guard: AppendGuard = null): Promise<object> {
    const partition = this.partitionOf(key)
    const coordinator = partition === null ? undefined : this.#coordinatorOf(partition)
    return coordinator?.request(request, caller, guard) ?? Promise.reject(new KafkaError('NOT_COORDINATOR'))
  }

  /** Asks each partition that this node leads; what another one leads by now is that one's to tell. Rejects with KafkaError if one refuses. */
  async requestAll(request: Request, caller: CoordinatorCaller): Promise<readonly object[]> {
    const asked = [...this.#partitions.values()].map(({ coordinator }) =>
      coordinator.request(request, caller).catch(nullIfNotCoordinator),
    )
    return (await Promise.all(asked)).filter((response) => response !== null)
  }

  /** The log that the records of a key go to; undefined: nobody coordinates it here. */
  logOf(key: string): PartitionLog | undefined {
    const partition = this.partitionOf(key)
    return partition === null ? undefined : this.#coordinatorOf(partition)?.log
  }

  /** The partition that a key belongs to. As in Kafka nobody coordinates while the topic is missing; FindCoordinator makes it. */
  partitionOf(key: string): number | null {
    const count = this.#partitionCount
    return count === 0 ? null : coordinatorPartition(key, count)
  }

  /** The end of a transaction that wrote to a partition. Settled when it is durable and the machine knows it; rejects with KafkaError. */
  appendMarker(partition: number, marker: TransactionMarker): Promise<void> {
    return this.#coordinatorOf(partition)?.appendMarker(marker) ?? Promise.reject(new KafkaError('NOT_COORDINATOR'))
  }

  #coordinatorOf(partition: number): CoordinatorPartition<Request, Image, Effect, Result> | undefined {
    // The log may have been opened after the change that made it was told.
    if (!this.#partitions.has(partition)) this.#refresh(partition)
    return this.#partitions.get(partition)?.coordinator
  }

  /** Those in memory, one for each partition that this node leads. */
  *machines(): Generator<Kept, void, undefined> {
    for (const { machine } of this.#partitions.values()) yield machine
  }

  stop(): void {
    this.#isStopped = true
    this.#unsubscribe()
    for (const partition of [...this.#partitions.keys()]) this.#unload(partition)
  }

  get #partitionCount(): number {
    return this.#options.cluster.image.topicsByName.get(this.#options.topic)?.partitions.length ?? 0
  }

  #changed(delta: MetadataDelta): void {
    this.#refreshAll()
    const deletedTopics = delta.topicsRemoved.map(({ name }) => name)
    if (deletedTopics.length === 0) return
    for (const { coordinator } of this.#partitions.values()) coordinator.topicsDeleted(deletedTopics)
  }

  #refreshAll(): void {
    const count = this.#partitionCount
    for (const partition of [...this.#partitions.keys()]) {
      if (partition >= count) this.#unload(partition)
    }
    for (let partition = 0; partition < count; partition += 1) this.#refresh(partition)
  }

  /** A new leader epoch is a new leadership: records may have been cut off, so that everything is loaded again. */
  #refresh(partition: number): void {
    if (this.#isStopped) return
    const log = this.#leaderLog(partition)
    const known = this.#partitions.get(partition)?.coordinator
    if (known !== undefined && known.log === log && known.leaderEpoch === log.leaderEpoch) {
      // The log has lost what was not durable, and the machine with it what it stands on.
      if (log.awaitsLeaderEpoch) known.stop()
      return
    }
    this.#unload(partition)
    if (log !== undefined) this.#load(partition, log)
  }

  #load(partition: number, log: PartitionLog): void {
    const { newMachine, image, run, environment, openRequestsMax, batchBytesMax } = this.#options
    const machine = newMachine()
    const coordinator: CoordinatorPartition<Request, Image, Effect, Result> = new CoordinatorPartition({
      log,
      machine,
      image,
      run,
      environment,
      openRequestsMax,
      batchBytesMax,
      dropped: (again) => {
        // Not within the call that failed, and not if another has taken its place by then.
        if (again) environment.time.endOfTurn(() => this.#loadAgain(partition, coordinator))
      },
    })
    this.#partitions.set(partition, { machine, coordinator, unwatch: log.watch(() => this.#refresh(partition)) })
    void coordinator.load()
  }

  #loadAgain(partition: number, dropped: CoordinatorPartition<Request, Image, Effect, Result>): void {
    if (this.#partitions.get(partition)?.coordinator !== dropped) return
    this.#unload(partition)
    this.#refresh(partition)
  }

  #unload(partition: number): void {
    const loaded = this.#partitions.get(partition)
    if (loaded === undefined) return
    this.#partitions.delete(partition)
    loaded.unwatch()
    loaded.coordinator.stop()
  }

  #leaderLog(partition: number): PartitionLog | undefined {
    try {
      return this.#options.node.leaderLog({ name: this.#options.topic }, partition)
    } catch (error) {
      if (error instanceof KafkaError) return undefined
      throw error
    }
  }
}

function nullIfNotCoordinator(error: unknown): null {
  if (error instanceof KafkaError && error.code === 'NOT_COORDINATOR') return null
  throw error
}
