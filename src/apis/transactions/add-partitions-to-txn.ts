import { type ErrorName, errorCode } from '../../../protocol/errors.ts'
import type { addPartitionsToTxn } from '../../../protocol/messages/add-partitions-to-txn.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import { internalTopics } from '../../cluster/topic-names.ts'
import type { TransactionPartition } from '../../coordinators/transaction/transaction-request.ts'
import type { RequestContext } from '../context.ts'
import { eachPartitionOnce } from '../each-partition-once.ts'

/*
 * AddPartitionsToTxn. 2: PRODUCER_FENCED (KIP-588) · 3: flexible, the last that producers send · 4: many transactions, or only a look (KIP-890)
 * 5: TRANSACTION_ABORTABLE
 */

type Request = RequestOf<typeof addPartitionsToTxn>
type Response = ResponseOf<typeof addPartitionsToTxn>
type Transaction = Request['transactions'][number]
type TopicResults = NonNullable<Response['resultsByTransaction']>[number]['topicResults']

export async function handleAddPartitionsToTxn(request: Request, context: RequestContext): Promise<Response> {
  if (context.version < 4) {
    const transaction = {
      transactionalId: request.v3AndBelowTransactionalId,
      producerId: request.v3AndBelowProducerId,
      producerEpoch: request.v3AndBelowProducerEpoch,
      verifyOnly: false,
      topics: request.v3AndBelowTopics,
    }
    return { resultsByTopicV3AndBelow: await addTo(transaction, context) }
  }
  const results = request.transactions.map(async (transaction) => ({
    transactionalId: transaction.transactionalId,
    topicResults: await addTo(transaction, context),
  }))
  return { resultsByTransaction: await Promise.all(results) }
}

/** All partitions of a transaction, or none. As in Kafka each is answered once. */
async function addTo(transaction: Transaction, context: RequestContext): Promise<TopicResults> {
  const { transactionalId, producerId, producerEpoch, verifyOnly } = transaction
  const topics = eachPartitionOnce(transaction.topics.map(({ name, partitions }) => ({ topic: name, partitions })))
  const refusals = topics.map(({ topic, partitions }) => partitions.map((partition) => refusalOf(topic, partition, context)))
  if (refusals.some((ofTopic) => ofTopic.some((refusal) => refusal !== null))) {
    return topicResults(topics, (topic, partition) => refusals[topic]?.[partition] ?? 'OPERATION_NOT_ATTEMPTED')
  }
  const request = {
    transactionalId,
    producer: { id: producerId, epoch: producerEpoch },
    partitions: topics.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition }))),
    verifyOnly,
    // Only leaders send the newer versions, for producers that leave it to them (KIP-890).
    transactionVersion: context.version < 4 ? 0 : 2,
  } as const
  const answer = await context.services.transactions.request(transactionalId, { api: 'AddPartitions', request }, context)
  const missing = new Set(answer.missing.map(nameOf))
  return topicResults(topics, (at, partition) => {
    if (answer.errorCode !== 0) return answer.errorCode
    const { topic, partitions } = topics[at]!
    return missing.has(nameOf({ topic, partition: partitions[partition]! })) ? 'TRANSACTION_ABORTABLE' : 'NONE'
  })
}

const nameOf = ({ topic, partition }: TransactionPartition): string => `${topic}-${partition}`

/** A producer does not write to internal topics; that a group's offsets are part of its transaction it says by AddOffsetsToTxn. */
function refusalOf(topic: string, partition: number, { version, services }: RequestContext): ErrorName | null {
  if (version < 4 && internalTopics.has(topic)) return 'TOPIC_AUTHORIZATION_FAILED'
  const exists = services.cluster.image.topicsByName.get(topic)?.partitions[partition] !== undefined
  return exists ? null : 'UNKNOWN_TOPIC_OR_PARTITION'
}

/** Topic and partition are told by their places in the request. */
function topicResults(
  topics: ReturnType<typeof eachPartitionOnce>,
  errorOf: (topic: number, partition: number) => ErrorName | number,
): TopicResults {
  return topics.map(({ topic: name, partitions }, topic) => ({
    name,
    resultsByPartition: partitions.map((partitionIndex, partition) => {
      const error = errorOf(topic, partition)
      return { partitionIndex, partitionErrorCode: typeof error === 'number' ? error : errorCode(error) }
    }),
  }))
}
