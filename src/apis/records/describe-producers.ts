import { KafkaError } from '../../../protocol/errors.ts'
import type { describeProducers } from '../../../protocol/messages/describe-producers.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import { checkTopicName } from '../../cluster/topic-names.ts'
import type { RequestContext } from '../context.ts'
import { eachPartitionOnce } from '../each-partition-once.ts'
import { refusalOf } from '../refused.ts'

/* DescribeProducers (KIP-664): what `kafka-transactions.sh find-hanging` looks at. */

type Request = RequestOf<typeof describeProducers>
type Response = ResponseOf<typeof describeProducers>
type PartitionResponse = Response['topics'][number]['partitions'][number]

export function handleDescribeProducers(request: Request, context: RequestContext): Response {
  const asked = eachPartitionOnce(
    request.topics.map(({ name, partitionIndexes }) => ({ topic: name, partitions: partitionIndexes })),
  )
  return {
    topics: asked.map(({ topic: name, partitions }) => {
      const error = topicError(name, context)
      return {
        name,
        partitions: partitions.map((partitionIndex) =>
          error === null ? described(name, partitionIndex, context) : refused(partitionIndex, error, error.message),
        ),
      }
    }),
  }
}

function topicError(name: string, { services }: RequestContext): KafkaError | null {
  try {
    checkTopicName(name)
    return services.cluster.image.topicsByName.has(name) ? null : new KafkaError('UNKNOWN_TOPIC_OR_PARTITION')
  } catch (error) {
    return refusalOf(error)
  }
}

/** An error of the partition alone has no message, as in Kafka. */
function described(name: string, partitionIndex: number, { services }: RequestContext): PartitionResponse {
  try {
    const activeProducers = services.node.leaderLog({ name }, partitionIndex).activeProducers()
    return { partitionIndex, errorCode: 0, errorMessage: null, activeProducers: [...activeProducers] }
  } catch (error) {
    return refused(partitionIndex, refusalOf(error), null)
  }
}

function refused(partitionIndex: number, error: KafkaError, errorMessage: string | null): PartitionResponse {
  return { partitionIndex, errorCode: error.errorCode, errorMessage, activeProducers: [] }
}
