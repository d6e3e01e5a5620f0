import { KafkaError } from '../../protocol/errors.ts'
import type { Decision } from './cluster.ts'
import type { MetadataImage, PartitionImage, TopicImage } from './metadata-image.ts'
import type { MetadataRecord } from './metadata-record.ts'
import { recordOfPartitionChange } from './metadata-record-builders.ts'
import { isActive } from './replica-placement.ts'

/** ElectLeaders' kinds. */
export const electionTypes = { preferred: 0, unclean: 1 } as const

export interface ElectionResult {
  readonly topic: string
  readonly partition: number
  readonly error: KafkaError | null
}

/**
 * Moves leadership to the preferred replica, or to any where there is no leader. `wanted` null: all partitions; those that
 * need no election are then left out of the result (KIP-460).
 */
export function decideElection(
  image: MetadataImage,
  electionType: number,
  wanted: readonly { readonly topic: string; readonly partitions: readonly number[] }[] | null,
): Decision<readonly ElectionResult[]> {
  if (electionType !== electionTypes.preferred && electionType !== electionTypes.unclean) {
    throw new KafkaError('INVALID_REQUEST', `Unknown election type ${electionType}`)
  }
  const records: MetadataRecord[] = []
  const result: ElectionResult[] = []
  for (const { topic, partitions } of wanted ?? allPartitions(image)) {
    for (const partition of partitions) {
      try {
        records.push(elect(image, electionType, topic, partition))
        result.push({ topic, partition, error: null })
      } catch (error) {
        if (!(error instanceof KafkaError)) throw error
        if (wanted !== null || error.code !== 'ELECTION_NOT_NEEDED') result.push({ topic, partition, error })
      }
    }
  }
  return { records, result }
}

function allPartitions(image: MetadataImage): readonly { readonly topic: string; readonly partitions: readonly number[] }[] {
  const indexes = ({ partitions }: TopicImage): readonly number[] => partitions.map(({ partition }) => partition)
  return Array.from(image.topicsByName.values(), (topic) => ({ topic: topic.name, partitions: indexes(topic) }))
}

function elect(image: MetadataImage, electionType: number, name: string, index: number): MetadataRecord {
  const topic = image.topicsByName.get(name)
  if (topic === undefined) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `No such topic as ${name}`)
  const partition = topic.partitions[index]
  if (partition === undefined) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `No such partition as ${name}-${index}`)
  const { leader, isr } = electionType === electionTypes.preferred ? preferred(image, partition) : unclean(image, partition)
  return recordOfPartitionChange(topic.id, index, isr === partition.isr ? { leader } : { leader, isr })
}

interface Elected {
  readonly leader: number
  readonly isr: readonly number[]
}

function preferred(image: MetadataImage, { leader, replicas, isr }: PartitionImage): Elected {
  const [first] = replicas
  if (leader === first) throw new KafkaError('ELECTION_NOT_NEEDED')
  if (first !== undefined && isr.includes(first) && isActive(image, first)) return { leader: first, isr }
  throw new KafkaError('PREFERRED_LEADER_NOT_AVAILABLE')
}

function unclean(image: MetadataImage, { leader, replicas, isr }: PartitionImage): Elected {
  if (leader >= 0) throw new KafkaError('ELECTION_NOT_NEEDED')
  const inSync = isr.find((id) => isActive(image, id))
  if (inSync !== undefined) return { leader: inSync, isr }
  const any = replicas.find((id) => isActive(image, id))
  if (any === undefined) throw new KafkaError('ELIGIBLE_LEADERS_NOT_AVAILABLE')
  return { leader: any, isr: [any] }
}
