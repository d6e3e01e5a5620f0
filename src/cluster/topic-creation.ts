import { KafkaError } from '../../protocol/errors.ts'
import { clearElrRecord } from '../../protocol/metadata-records/clear-elr-record.ts'
import { topicRecord } from '../../protocol/metadata-records/topic-record.ts'
import type { BrokerConfig } from '../config/broker-config.ts'
import { checkTopicOverrides } from '../config/topic-config.ts'
import type { Random } from '../environment/environment.ts'
import type { Decision } from './cluster.ts'
import { DirectoryPlacement } from './directory-placement.ts'
import { keepsEligibleLeaders } from './feature-levels.ts'
import { MetadataDraft } from './metadata-draft.ts'
import { ConfigResource, type MetadataImage, type PartitionImage } from './metadata-image.ts'
import { type MetadataRecord, metadataRecord } from './metadata-record.ts'
import { recordOfConfig, recordOfPartition } from './metadata-record-builders.ts'
import { checkManualAssignment, newPartition, placeReplicas } from './replica-placement.ts'
import { checkTopicName, collidingTopic, METADATA_TOPIC, topicEqualButForCase } from './topic-names.ts'

/** Kafka's bound for what one request may bring about. */
export const PARTITIONS_IN_REQUEST_MAX = 10_000

/** As CreateTopics asks for it: -1 is the broker's default. */
export interface NewTopic {
  readonly name: string
  readonly numPartitions: number
  readonly replicationFactor: number
  readonly assignments: readonly { readonly partitionIndex: number; readonly brokerIds: readonly number[] }[]
  readonly configs: readonly { readonly name: string; readonly value: string | null }[]
}

export interface CreatedTopic {
  readonly name: string
  /** Null: it was made, or would be. */
  readonly error: KafkaError | null
  readonly topicId: string
  readonly numPartitions: number
  /** The replicas that it has, which may be fewer than were asked for. */
  readonly replicationFactor: number
  /** What was set on it; for the effective settings see `config/describe-config.ts`. */
  readonly configs: ReadonlyMap<string, string>
}

export interface TopicCreationOptions {
  readonly config: BrokerConfig
  readonly random: Random
  readonly validateOnly: boolean
  /** The file system ignores case, so that names which differ by it alone would share a folder. */
  readonly ignoresCase?: boolean
}

/** One result for each name, in the order of the request; a name that is given twice is refused as a whole. */
export function decideTopicCreation(
  image: MetadataImage,
  topics: readonly NewTopic[],
  options: TopicCreationOptions,
): Decision<readonly CreatedTopic[]> {
  const duplicates = duplicateNames(topics.map((topic) => topic.name))
  const draft = new MetadataDraft(image)
  const placement = new DirectoryPlacement(image)
  const records: MetadataRecord[] = []
  const results = new Map<string, CreatedTopic>()
  for (const topic of topics) {
    if (results.has(topic.name)) continue
    try {
      if (duplicates.has(topic.name)) throw new KafkaError('INVALID_REQUEST', 'Duplicate topic name.')
      // Over a draft, so that a topic counts for the names and places of those behind it.
      const made = createTopic(draft.current, topic, options, placement)
      if (records.length + made.records.length > PARTITIONS_IN_REQUEST_MAX) throw tooManyPartitions()
      for (const record of made.records) draft.replay(record)
      records.push(...made.records)
      results.set(topic.name, made.result)
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error
      results.set(topic.name, refusedTopic(topic.name, error))
    }
  }
  return { records: options.validateOnly ? [] : records, result: [...results.values()] }
}

export function tooManyPartitions(): KafkaError {
  return new KafkaError('POLICY_VIOLATION', 'Excessively large number of partitions per request.')
}

export function duplicateNames(names: readonly string[]): ReadonlySet<string> {
  const seen = new Set<string>()
  return new Set(names.filter((name) => seen.size === seen.add(name).size))
}

function refusedTopic(name: string, error: KafkaError): CreatedTopic {
  return { name, error, topicId: '', numPartitions: -1, replicationFactor: -1, configs: new Map() }
}

function createTopic(
  image: MetadataImage,
  topic: NewTopic,
  options: TopicCreationOptions,
  placement: DirectoryPlacement,
): Decision<CreatedTopic> {
  const { name } = topic
  checkNewName(image, name, options.ignoresCase ?? false)
  const configs = checkTopicOverrides(new Map(topic.configs.map((config) => [config.name, config.value])), options.config)
  const partitions =
    topic.assignments.length > 0
      ? assignedPartitions(image, topic, placement)
      : placedPartitions(image, topic, options.config, placement)
  const topicId = unusedTopicId(image, options.random)
  const records = [
    metadataRecord(topicRecord, { name, topicId }),
    ...Array.from(configs, ([key, value]) => recordOfConfig(ConfigResource.topic, name, key, value)),
    ...clearedEligibleLeaders(image, name, configs),
    ...partitions.map((partition) => recordOfPartition(topicId, partition)),
  ]
  const replicationFactor = partitions[0]?.replicas.length ?? 0
  return { records, result: { name, error: null, topicId, numPartitions: partitions.length, replicationFactor, configs } }
}

/** A record of the metadata log holds no longer string. */
const VALUE_BYTES_MAX = 32_767

export function checkValueSizes(values: Iterable<string>): void {
  for (const value of values) {
    if (Buffer.byteLength(value) <= VALUE_BYTES_MAX) continue
    const words = `The configuration value cannot be added because it exceeds the maximum value size of ${VALUE_BYTES_MAX} bytes.`
    throw new KafkaError('INVALID_CONFIG', words)
  }
}

/** Randomness from a seed begins anew with the process, and would give the ids of the last run once more. */
function unusedTopicId(image: MetadataImage, random: Random): string {
  for (;;) {
    const id = random.uuid()
    if (!image.topicsById.has(id)) return id
  }
}

/** KIP-966: who was eligible under another min.insync.replicas may not be under this one. */
export function clearedEligibleLeaders(
  image: MetadataImage,
  topicName: string,
  changed: { has(name: string): boolean },
): readonly MetadataRecord[] {
  if (!changed.has('min.insync.replicas') || !keepsEligibleLeaders(image)) return []
  return [metadataRecord(clearElrRecord, { topicName })]
}

function checkNewName(image: MetadataImage, name: string, ignoresCase: boolean): void {
  if (name === METADATA_TOPIC) {
    throw new KafkaError('INVALID_REQUEST', `Creation of internal topic ${METADATA_TOPIC} is prohibited.`)
  }
  if (image.topicsByName.has(name)) throw new KafkaError('TOPIC_ALREADY_EXISTS', `Topic '${name}' already exists.`)
  checkTopicName(name)
  const colliding = collidingTopic(image, name)
  if (colliding !== undefined) {
    throw new KafkaError('INVALID_TOPIC_EXCEPTION', `Topic '${name}' collides with existing topic: ${colliding}`)
  }
  const sameFolder = ignoresCase ? topicEqualButForCase(image, name) : undefined
  if (sameFolder === undefined) return
  throw new KafkaError(
    'INVALID_TOPIC_EXCEPTION',
    `Topic '${name}' differs from the existing topic ${sameFolder} by case alone, and the file system of this broker ignores case.`,
  )
}

function assignedPartitions(image: MetadataImage, topic: NewTopic, placement: DirectoryPlacement): readonly PartitionImage[] {
  const alsoSaid = (what: string): KafkaError =>
    new KafkaError('INVALID_REQUEST', `A manual partition assignment was specified, but ${what} was not set to -1.`)
  if (topic.replicationFactor !== -1) throw alsoSaid('replication factor')
  if (topic.numPartitions !== -1) throw alsoSaid('numPartitions')
  const partitions = new Map<number, PartitionImage>()
  let replicationFactor: number | null = null
  for (const { partitionIndex, brokerIds } of topic.assignments) {
    if (partitions.has(partitionIndex)) {
      throw new KafkaError(
        'INVALID_REPLICA_ASSIGNMENT',
        `Found multiple manual partition assignments for partition ${partitionIndex}`,
      )
    }
    checkManualAssignment(image, brokerIds, replicationFactor)
    replicationFactor = brokerIds.length
    partitions.set(partitionIndex, assignedPartition(image, partitionIndex, brokerIds, placement))
  }
  return Array.from({ length: partitions.size }, (_, index) => {
    const partition = partitions.get(index)
    if (partition !== undefined) return partition
    throw new KafkaError('INVALID_REPLICA_ASSIGNMENT', 'partitions should be a consecutive 0-based integer sequence')
  })
}

export function assignedPartition(
  image: MetadataImage,
  index: number,
  brokerIds: readonly number[],
  placement: DirectoryPlacement,
): PartitionImage {
  const partition = newPartition(image, index, brokerIds, placement)
  if (partition !== null) return partition
  throw new KafkaError(
    'INVALID_REPLICA_ASSIGNMENT',
    `All brokers specified in the manual partition assignment for partition ${index} are fenced or in controlled shutdown.`,
  )
}

function placedPartitions(
  image: MetadataImage,
  topic: NewTopic,
  config: BrokerConfig,
  placement: DirectoryPlacement,
): readonly PartitionImage[] {
  if (topic.replicationFactor < -1 || topic.replicationFactor === 0) {
    throw new KafkaError(
      'INVALID_REPLICATION_FACTOR',
      'Replication factor must be larger than 0, or -1 to use the default value.',
    )
  }
  if (topic.numPartitions < -1 || topic.numPartitions === 0) {
    throw new KafkaError('INVALID_PARTITIONS', 'Number of partitions was set to an invalid non-positive value.')
  }
  const partitionCount = topic.numPartitions === -1 ? config.get('num.partitions') : topic.numPartitions
  if (partitionCount > PARTITIONS_IN_REQUEST_MAX) throw tooManyPartitions()
  const replicationFactor = topic.replicationFactor === -1 ? config.get('default.replication.factor') : topic.replicationFactor
  const strict = config.get('replication.factor.strict')
  return placedAs(image, { firstPartition: 0, partitionCount, replicationFactor, strict }, placement)
}

export function placedAs(
  image: MetadataImage,
  request: Parameters<typeof placeReplicas>[1],
  placement: DirectoryPlacement,
): readonly PartitionImage[] {
  return placeReplicas(image, request).map((replicas, index) => {
    const partition = newPartition(image, request.firstPartition + index, replicas, placement)
    if (partition !== null) return partition
    throw new KafkaError(
      'INVALID_REPLICATION_FACTOR',
      `Unable to replicate the partition ${request.replicationFactor} time(s): All brokers are currently fenced or in controlled shutdown.`,
    )
  })
}
