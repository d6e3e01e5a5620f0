import { KafkaError } from '../../protocol/errors.ts'
import type { Decision } from './cluster.ts'
import { DirectoryPlacement } from './directory-placement.ts'
import type { MetadataImage, PartitionImage } from './metadata-image.ts'
import type { MetadataRecord } from './metadata-record.ts'
import { recordOfPartition } from './metadata-record-builders.ts'
import { checkManualAssignment } from './replica-placement.ts'
import { assignedPartition, duplicateNames, PARTITIONS_IN_REQUEST_MAX, placedAs, tooManyPartitions } from './topic-creation.ts'

export interface NewPartitions {
  readonly name: string
  /** How many the topic is to have. */
  readonly count: number
  /** One for each new partition; null: the cluster places them. */
  readonly assignments: readonly { readonly brokerIds: readonly number[] }[] | null
}

export interface PartitionsCreated {
  readonly name: string
  readonly error: KafkaError | null
}

/** One result for each name, in the order of the request. */
export function decidePartitionCreation(
  image: MetadataImage,
  topics: readonly NewPartitions[],
  options: { readonly validateOnly: boolean },
): Decision<readonly PartitionsCreated[]> {
  const duplicates = duplicateNames(topics.map((topic) => topic.name))
  const records: MetadataRecord[] = []
  const results = new Map<string, PartitionsCreated>()
  const placement = new DirectoryPlacement(image)
  for (const topic of topics) {
    const { name } = topic
    if (results.has(name)) continue
    try {
      if (duplicates.has(name)) throw new KafkaError('INVALID_REQUEST', 'Duplicate topic name.')
      const made = createPartitions(image, topic, placement)
      if (records.length + made.length > PARTITIONS_IN_REQUEST_MAX) throw tooManyPartitions()
      records.push(...made)
      results.set(name, { name, error: null })
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error
      results.set(name, { name, error })
    }
  }
  return { records: options.validateOnly ? [] : records, result: [...results.values()] }
}

function createPartitions(
  image: MetadataImage,
  { name, count, assignments }: NewPartitions,
  placement: DirectoryPlacement,
): readonly MetadataRecord[] {
  const topic = image.topicsByName.get(name)
  if (topic === undefined) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION')
  const existing = topic.partitions.length
  if (count === existing) throw new KafkaError('INVALID_PARTITIONS', `Topic already has ${existing} partition(s).`)
  if (count < existing) {
    throw new KafkaError(
      'INVALID_PARTITIONS',
      `The topic ${name} currently has ${existing} partition(s); ${count} would not be an increase.`,
    )
  }
  const additional = count - existing
  if (additional > PARTITIONS_IN_REQUEST_MAX) throw tooManyPartitions()
  const replicationFactor = topic.partitions[0]?.replicas.length ?? 1
  const request = { firstPartition: existing, partitionCount: additional, replicationFactor, strict: true }
  const partitions = assignments === null ? placedAs(image, request, placement) : assigned(image, request, assignments, placement)
  return partitions.map((partition) => recordOfPartition(topic.id, partition))
}

function assigned(
  image: MetadataImage,
  request: { readonly firstPartition: number; readonly partitionCount: number; readonly replicationFactor: number },
  assignments: readonly { readonly brokerIds: readonly number[] }[],
  placement: DirectoryPlacement,
): readonly PartitionImage[] {
  const { firstPartition, partitionCount, replicationFactor } = request
  if (assignments.length !== partitionCount) {
    throw new KafkaError(
      'INVALID_REPLICA_ASSIGNMENT',
      `Attempted to add ${partitionCount} additional partition(s), but only ${assignments.length} assignment(s) were specified.`,
    )
  }
  return assignments.map(({ brokerIds }, index) => {
    checkManualAssignment(image, brokerIds, replicationFactor)
    return assignedPartition(image, firstPartition + index, brokerIds, placement)
  })
}
