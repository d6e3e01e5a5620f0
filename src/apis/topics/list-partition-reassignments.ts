import type { listPartitionReassignments } from '../../../protocol/messages/list-partition-reassignments.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import type { PartitionImage } from '../../cluster/metadata-image.ts'
import type { RequestContext } from '../context.ts'

/* ListPartitionReassignments (KIP-455): the partitions whose replicas are being moved. What is not known is left out. */

type Request = RequestOf<typeof listPartitionReassignments>
type Response = ResponseOf<typeof listPartitionReassignments>

export function handleListPartitionReassignments(request: Request, { services }: RequestContext): Response {
  const { topicsByName } = services.cluster.image
  const asked =
    request.topics ??
    Array.from(topicsByName.values(), ({ name, partitions }) => ({ name, partitionIndexes: [...partitions.keys()] }))
  const topics = asked.map(({ name, partitionIndexes }) => ({
    name,
    partitions: partitionIndexes
      .map((index) => topicsByName.get(name)?.partitions[index])
      .filter((partition): partition is PartitionImage => partition !== undefined && isMoving(partition))
      .map(({ partition, replicas, addingReplicas, removingReplicas }) => ({
        partitionIndex: partition,
        replicas,
        addingReplicas,
        removingReplicas,
      })),
  }))
  return { errorCode: 0, errorMessage: null, topics: topics.filter(({ partitions }) => partitions.length > 0) }
}

const isMoving = ({ addingReplicas, removingReplicas }: PartitionImage): boolean =>
  addingReplicas.length > 0 || removingReplicas.length > 0
