import type { BrokerConfig } from '../config/broker-config.ts'
import type { Environment, Timer } from '../environment/environment.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import type { UnsavedBytes } from '../log/unsaved-bytes.ts'
import type { PartitionId } from '../storage/storage.ts'
import { ChangeQueue } from './change-queue.ts'
import type { Cluster, ClusterNode, Decision, LogDirectory } from './cluster.ts'
import { stopRecords } from './cluster-start.ts'
import { FailedLogs } from './failed-logs.ts'
import { LocalNode } from './local-node.ts'
import type { LogDirectories } from './log-directories.ts'
import type { MetadataDelta } from './metadata-delta.ts'
import { MetadataDraft } from './metadata-draft.ts'
import { ConfigResource, type MetadataImage, type TopicImage } from './metadata-image.ts'
import type { MetadataLog } from './metadata-log.ts'
import { recordOfPartitionChange } from './metadata-record-builders.ts'
import type { OpenClusterOptions } from './open-cluster.ts'
import { Partitions } from './partitions.ts'
import { logTopicChanges } from './topic-log-lines.ts'

type Listener = (image: MetadataImage, delta: MetadataDelta) => Promise<void> | void

interface LocalClusterOptions extends OpenClusterOptions {
  readonly clusterId: string
  readonly log: MetadataLog
  readonly directories: LogDirectories
  /** With every record of the start. */
  readonly image: MetadataImage
}

/** The cluster whose nodes are all in this process. */
export class LocalCluster implements Cluster {
  readonly id: string
  readonly controllerId: number
  readonly nodes: readonly ClusterNode[]
  readonly #options: LocalClusterOptions
  readonly #environment: Environment
  readonly #localNodes: readonly LocalNode[]
  readonly #partitions: Partitions
  readonly #failedLogs: FailedLogs
  readonly #queue: ChangeQueue
  readonly #listeners = new Set<Listener>()
  #image: MetadataImage
  #snapshotTimer: Timer | null = null
  #snapshotEnd = -1n
  #stopped: Promise<void> | null = null

  constructor(options: LocalClusterOptions) {
    const { log, image, environment, storage, directories, nodes, config, openLog } = options
    this.#options = options
    this.#environment = environment
    this.#image = image
    this.id = options.clusterId
    this.controllerId = nodes[0].id
    this.#partitions = new Partitions({
      storage,
      directories,
      environment,
      config: () => this.#config,
      image,
      awaitsLeaderEpoch: (log) => this.#failedLogs.found(log),
      ...(openLog === undefined ? {} : { openLog }),
    })
    this.#failedLogs = new FailedLogs({
      clock: environment.real,
      logger: environment.logger,
      raise: (id) => this.#raiseLeaderEpoch(id),
    })
    this.#localNodes = nodes.map((node) => new LocalNode(node, config, this.#partitions, () => this.#image))
    this.nodes = this.#localNodes
    for (const node of this.#localNodes) node.reconfigure(image)
    this.#queue = new ChangeQueue({
      image,
      logger: environment.logger,
      commit: (records, current) => log.commit(records, current),
      apply: (next, delta) => this.#apply(next, delta),
    })
  }

  get image(): MetadataImage {
    return this.#image
  }

  /** What holds for the logs, which the nodes share. */
  get #config(): BrokerConfig {
    return this.#localNodes[0]?.config ?? this.#options.config
  }

  /** Opens the logs of all partitions; part of the start. */
  async openLogs(): Promise<void> {
    await this.#partitions.follow(this.#image, this.#image.topicsById.values())
  }

  change<T>(decide: (image: MetadataImage) => Decision<T>): Promise<T> {
    return this.#queue.change(decide)
  }

  onChange(run: Listener): () => void {
    this.#listeners.add(run)
    return () => this.#listeners.delete(run)
  }

  partitionLog(topicId: string, partition: number): PartitionLog | undefined {
    return this.#partitions.get(topicId, partition) ?? undefined
  }

  partitionLogs(): Iterable<PartitionLog> {
    return this.#partitions.logs()
  }

  get unsavedBytes(): UnsavedBytes {
    return this.#partitions.unsaved
  }

  logDirectories(): readonly LogDirectory[] {
    const logs = [...this.partitionLogs()]
    return this.#options.directories.all.map((directory) => ({
      directory,
      logs: logs.filter((log) => log.directory === directory),
    }))
  }

  /**
   * New logs are open before anybody sees their topics, and a deleted topic is gone before its logs are: in between a client
   * is told what is true.
   */
  async #apply(image: MetadataImage, delta: MetadataDelta): Promise<void> {
    if (delta.configsChanged.some(({ resourceType }) => resourceType === ConfigResource.broker)) {
      for (const node of this.#localNodes) node.reconfigure(image)
    }
    // Deleted and made again within one batch: the folder must be free before the new log takes it.
    const madeAgain = delta.topicsRemoved.filter(({ name }) => image.topicsByName.has(name))
    await this.#partitions.remove(madeAgain)
    await this.#partitions.follow(image, delta.topicsChanged)
    this.#image = image
    logTopicChanges(delta, this.#environment.logger)
    this.#partitions.configure(image, topicsToConfigure(image, delta))
    await this.#partitions.remove(delta.topicsRemoved.filter((topic) => !madeAgain.includes(topic)))
    for (const listener of [...this.#listeners]) await this.#tell(listener, image, delta)
    await this.#snapshotIfDue()
  }

  /** A listener that fails is a bug of its own; the change stands. */
  async #tell(listener: Listener, image: MetadataImage, delta: MetadataDelta): Promise<void> {
    try {
      await listener(image, delta)
    } catch (error) {
      this.#environment.logger.error({ err: error }, 'What follows the metadata failed over a change.')
    }
  }

  /** False: there is no such partition any more. */
  #raiseLeaderEpoch({ topicId, partition }: PartitionId): Promise<boolean> {
    return this.change((image) => {
      const leader = image.topicsById.get(topicId)?.partitions[partition]?.leader
      if (leader === undefined) return { records: [], result: false }
      return { records: [recordOfPartitionChange(topicId, partition, { leader })], result: true }
    })
  }

  async #snapshotIfDue(): Promise<void> {
    const { config, log } = this.#options
    if (log.bytesSinceSnapshot >= config.get('metadata.log.max.record.bytes.between.snapshots')) {
      await this.#writeSnapshot()
      return
    }
    const intervalMs = config.get('metadata.log.max.snapshot.interval.ms')
    if (this.#snapshotTimer !== null || intervalMs <= 0) return
    this.#snapshotTimer = this.#environment.time.after(intervalMs, () => {
      this.#snapshotTimer = null
      void this.snapshot().catch(() => {})
    })
  }

  async snapshot(): Promise<void> {
    // In the line of changes, since the log must not grow under it.
    await this.change(() => ({ records: [], result: undefined }))
    await this.#writeSnapshot()
  }

  async #writeSnapshot(): Promise<void> {
    const image = this.#image
    if (image.endOffset === this.#snapshotEnd) return
    this.#snapshotEnd = image.endOffset
    try {
      await this.#options.log.snapshot(image)
    } catch (error) {
      this.#environment.logger.error(
        { err: error },
        'A snapshot of the metadata log could not be written; the log itself is whole.',
      )
    }
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    const { storage, log } = this.#options
    this.#snapshotTimer?.cancel()
    this.#failedLogs.stop()
    await this.#queue.close()
    const closed = await this.#partitions.close()
    const clean = (await this.#commitStop()) && closed
    // The storage asks it again, and says so if it was not written to its end; the directory is let go whatever failed.
    await log.close().catch(() => {})
    await storage.close(clean ? this.#cleanShutdown() : null)
  }

  /** False: the log took no more records, so that the next start must look after itself. */
  async #commitStop(): Promise<boolean> {
    try {
      for (const records of stopRecords(
        this.#image,
        this.nodes.map((node) => node.id),
      )) {
        const { endOffset, epoch, timestampMs } = await this.#options.log.commit(records, this.#image)
        const draft = new MetadataDraft(this.#image)
        for (const record of records) draft.replay(record)
        draft.advance(endOffset, epoch, timestampMs)
        this.#image = draft.finish()
      }
      return true
    } catch (error) {
      this.#environment.logger.error({ err: error }, 'The stop could not be written to the metadata log.')
      return false
    }
  }

  /** Kafka elects from those who may lead again only if this names the broker epoch under which they were registered. */
  #cleanShutdown(): Buffer {
    const brokerEpoch = this.#localNodes[0]?.brokerEpoch ?? -1n
    return Buffer.from(`{"version":0,"brokerEpoch":${brokerEpoch}}`)
  }
}

/** The topics whose logs have other settings than before: a setting of a broker may hold for any of them. */
function topicsToConfigure(image: MetadataImage, delta: MetadataDelta): Iterable<TopicImage> {
  const types = new Set(delta.configsChanged.map(({ resourceType }) => resourceType))
  if (types.has(ConfigResource.broker)) return image.topicsById.values()
  const names = delta.configsChanged
    .filter(({ resourceType }) => resourceType === ConfigResource.topic)
    .map((changed) => changed.resourceName)
  return names.map((name) => image.topicsByName.get(name)).filter((topic): topic is TopicImage => topic !== undefined)
}
