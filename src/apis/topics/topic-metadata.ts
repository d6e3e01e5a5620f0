import type { MetadataImage, PartitionImage } from '../../cluster/metadata-image.ts'
import { isAlive } from '../reachable-nodes.ts'

/** A partition as Metadata and DescribeTopicPartitions show it. A leader of -1 is none. */
export function describedPartition(partition: PartitionImage, image: MetadataImage) {
  return {
    errorCode: 0,
    partitionIndex: partition.partition,
    leaderId: isAlive(image, partition.leader) ? partition.leader : -1,
    leaderEpoch: partition.leaderEpoch,
    replicaNodes: partition.replicas,
    isrNodes: partition.isr,
    offlineReplicas: partition.replicas.filter((id) => !isAlive(image, id)),
  }
}
