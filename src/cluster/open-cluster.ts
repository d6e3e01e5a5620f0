import type { BrokerConfig } from '../config/broker-config.ts'
import type { Environment } from '../environment/environment.ts'
import type { OpenPartitionLogOptions } from '../log/open-partition-log.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import type { FoundPartition, PartitionId, Storage, StorageDirectory } from '../storage/storage.ts'
import type { Cluster } from './cluster.ts'
import {
  bootstrapRecords,
  checkReplicas,
  controllerRegistration,
  electionRecords,
  type NodeRegistration,
  registrations,
} from './cluster-start.ts'
import { bootstrapImage, type StorageIdentity, takeDirectories } from './directory-identity.ts'
import { metadataVersionOf } from './feature-levels.ts'
import { LocalCluster } from './local-cluster.ts'
import { LogDirectories } from './log-directories.ts'
import { MetadataDraft } from './metadata-draft.ts'
import type { MetadataImage, PartitionImage, TopicImage } from './metadata-image.ts'
import { type Committed, MetadataLog } from './metadata-log.ts'
import { MetadataLogRefused } from './metadata-log-refused.ts'
import { isTransactionRecord, type MetadataRecord } from './metadata-record.ts'
import { METADATA_TOPIC } from './topic-names.ts'

export interface OpenClusterOptions {
  readonly storage: Storage
  readonly environment: Environment
  readonly config: BrokerConfig
  /** The nodes of this process, the first of which is the controller; their ids are all that the data may know. */
  readonly nodes: readonly [NodeRegistration, ...NodeRegistration[]]
  /** How a partition's log is opened, if not as usual. */
  readonly openLog?: (options: OpenPartitionLogOptions) => Promise<PartitionLog>
}

/**
 * Takes possession of the storage, reads the metadata log (or formats a new one), begins its next epoch, elects a leader
 * for every partition and opens its log. Throws MetadataLogRefused, whose message is for the operator, and StorageError;
 * the storage is then closed again.
 */
export async function openCluster(options: OpenClusterOptions): Promise<Cluster> {
  const { storage, environment, config, nodes } = options
  const { partitions } = await storage.open()
  // What a refused start leaves is what it found, the proof of the last clean stop included.
  let untouched = true
  try {
    const controllerId = nodes[0].id
    const clusterId = config.get('cluster.id')
    const identity = await takeDirectories({ storage, partitions, environment, nodeId: controllerId, clusterId })
    const directories = logDirectories(options, identity, partitions)
    // Before it is opened, which makes its folder.
    if (partitions.every(isTopic)) checkMetadataThere(0n, partitions)
    const opened = await MetadataLog.open({
      storage,
      time: environment.time,
      nodeId: controllerId,
      retentionBytes: config.get('metadata.max.retention.bytes'),
    })
    checkReplicas(opened.image, new Set(nodes.map((node) => node.id)))
    checkMetadataThere(opened.image.endOffset, partitions)
    nameStrays(opened.image, partitions, environment)
    if (directories.all.every(({ failure }) => failure === null)) nameMissing(opened.image, partitions, environment)
    untouched = false
    const image = await new ClusterStart(options, directories, opened.log, opened.image).run()
    const cluster = new LocalCluster({ ...options, clusterId: identity.clusterId, log: opened.log, image, directories })
    await cluster.openLogs()
    return cluster
  } catch (error) {
    await storage.close(untouched ? 'as found' : null)
    throw error
  }
}

/** `metadata.log.dir` need not be among `log.dirs`: then it is for the metadata log alone. */
function logDirectories(
  { storage, config }: OpenClusterOptions,
  { directoryIds }: StorageIdentity,
  found: readonly FoundPartition[],
): LogDirectories {
  const [first, ...others] = storage.directories() as readonly [StorageDirectory, ...StorageDirectory[]]
  if (!config.isMetadataDirectoryApart) return new LogDirectories({ directories: [first, ...others], directoryIds, found })
  const misplaced = found.find((partition) => partition.directory === first && isTopic(partition))
  if (misplaced !== undefined) {
    throw new MetadataLogRefused(
      `The directory ${first.path} is for the metadata log alone, but holds ${misplaced.topic}-${misplaced.partition}: name it in log.dirs too.`,
    )
  }
  return new LogDirectories({ directories: others, directoryIds, found: found.filter(isTopic) })
}

const isTopic = (partition: PartitionId): boolean => partition.topic !== METADATA_TOPIC

/** Without its metadata log a directory's topics have no names for their ids, no configs and no epochs. */
function checkMetadataThere(endOffset: bigint, partitions: readonly PartitionId[]): void {
  if (endOffset > 0n || !partitions.some(isTopic)) return
  throw new MetadataLogRefused('The data directory holds partitions, but no __cluster_metadata-0 that says what they are.')
}

/** They may be all that is left of something: they are named, and left where they are. */
function nameStrays(image: MetadataImage, partitions: readonly PartitionId[], { logger }: Environment): void {
  for (const { topicId, topic, partition } of partitions.filter(isTopic)) {
    if (image.topicsById.get(topicId)?.partitions[partition] !== undefined) continue
    const folder = `${topic}-${partition}`
    logger.warn({ folder, topicId }, `The folder ${folder} belongs to no topic of this cluster; it is left alone.`)
  }
}

const missingNamedMax = 10

/**
 * As in Kafka an empty log is made for them, since a crash may have come between the topic's record and its folder. But
 * where somebody removed a folder, its records are gone, and that is said.
 */
function nameMissing(image: MetadataImage, partitions: readonly PartitionId[], { logger }: Environment): void {
  const keyOf = (topicId: string, partition: number): string => `${topicId} ${partition}`
  const there = new Set(partitions.map(({ topicId, partition }) => keyOf(topicId, partition)))
  const missing = [...image.topicsById.values()].flatMap(({ id, name, partitions: known }) =>
    known.filter(({ partition }) => !there.has(keyOf(id, partition))).map(({ partition }) => `${name}-${partition}`),
  )
  if (missing.length === 0) return
  const named = missing.slice(0, missingNamedMax).join(', ')
  const others = missing.length > missingNamedMax ? ` and ${missing.length - missingNamedMax} others` : ''
  logger.warn(
    { partitions: missing.slice(0, missingNamedMax), count: missing.length },
    `The data directory has no log of ${named}${others}; it begins anew, empty.`,
  )
}

/** The records of a start, in Kafka's order. */
class ClusterStart {
  readonly #options: OpenClusterOptions
  readonly #directories: LogDirectories
  readonly #log: MetadataLog
  #image: MetadataImage

  constructor(options: OpenClusterOptions, directories: LogDirectories, log: MetadataLog, image: MetadataImage) {
    this.#options = options
    this.#directories = directories
    this.#log = log
    this.#image = image
  }

  async run(): Promise<MetadataImage> {
    const { nodes, environment, storage, config } = this.#options
    const directoryIds = this.#directories.ids
    const newIncarnationId = (): string => environment.random.uuid()
    this.#advance(await this.#log.lead(this.#image), [])
    if (metadataVersionOf(this.#image) === 0) {
      const first = await bootstrapImage(storage)
      await this.#commit(bootstrapRecords(first, config.text('min.insync.replicas') ?? '1'), first)
    }
    await this.#commit([controllerRegistration(nodes[0].id, newIncarnationId())])
    const brokerEpoch = this.#log.endOffset
    await this.#commit(registrations(this.#image, nodes, { brokerEpoch, directoryIds, newIncarnationId }))
    await this.#commit(electionRecords(this.#image, nodes, (topic, partition) => this.#directoryIdOf(topic, partition)))
    return this.#image
  }

  #directoryIdOf(topic: TopicImage, { partition, directories }: PartitionImage): string | null {
    const id = { topicId: topic.id, topic: topic.name, partition }
    if (!this.#directories.isUsable(id, directories[0])) return null
    return this.#directories.idOf(this.#directories.placeOf(id, directories[0]))
  }

  /** `under`: the image whose metadata.version says how the records are written. */
  async #commit(records: readonly MetadataRecord[], under = this.#image): Promise<void> {
    this.#advance(await this.#log.commit(records, under), records)
  }

  #advance({ endOffset, epoch, timestampMs }: Committed, records: readonly MetadataRecord[]): void {
    const draft = new MetadataDraft(this.#image)

    for (const record of records) if (!isTransactionRecord(record)) draft.replay(record)
    draft.advance(endOffset, epoch, timestampMs)
    this.#image = draft.finish()
  }
}
