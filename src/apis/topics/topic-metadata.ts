import { errorCode } from '../../../protocol/errors.ts'
import type { MetadataImage, PartitionImage, TopicImage } from '../../cluster/metadata-image.ts'

/** A partition as Metadata and DescribeTopicPartitions show it. */
export function describedPartition(partition: PartitionImage, image: MetadataImage) {
  const alive = (id: number): boolean => image.brokers.get(id)?.fenced === false
  const hasLeader = partition.leader >= 0
  return {
    errorCode: hasLeader ? 0 : errorCode('LEADER_NOT_AVAILABLE'),
    partitionIndex: partition.partition,
    leaderId: partition.leader,
    leaderEpoch: partition.leaderEpoch,
    replicaNodes: partition.replicas,
    isrNodes: partition.isr,
    offlineReplicas: partition.replicas.filter((id) => !alive(id)),
  }
}

export const describedPartitions = (topic: TopicImage, image: MetadataImage) =>
  topic.partitions.map((partition) => describedPartition(partition, image))
