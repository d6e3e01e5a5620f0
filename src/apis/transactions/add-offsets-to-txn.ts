import { coordinatorPartition } from '../../../protocol/coordinator-records/partition-for.ts'
import type { addOffsetsToTxn } from '../../../protocol/messages/add-offsets-to-txn.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import { OFFSETS_TOPIC } from '../../cluster/topic-names.ts'
import type { RequestContext } from '../context.ts'

/* AddOffsetsToTxn. 2: PRODUCER_FENCED (KIP-588) · 3: flexible · 4: TRANSACTION_ABORTABLE (KIP-890) */

type Request = RequestOf<typeof addOffsetsToTxn>
type Response = ResponseOf<typeof addOffsetsToTxn>

/** Adds the partition of `__consumer_offsets` that keeps the group's offsets; clients that leave it to TxnOffsetCommit do not ask (KIP-890). */
export async function handleAddOffsetsToTxn(request: Request, context: RequestContext): Promise<Response> {
  const { cluster, node, transactions } = context.services
  const { transactionalId, producerId, producerEpoch, groupId } = request
  const count =
    cluster.image.topicsByName.get(OFFSETS_TOPIC)?.partitions.length ?? node.config.get('offsets.topic.num.partitions')
  const partitions = [{ topic: OFFSETS_TOPIC, partition: coordinatorPartition(groupId, count) }]
  const producer = { id: producerId, epoch: producerEpoch }
  const asked = { transactionalId, producer, partitions, verifyOnly: false, transactionVersion: 0 } as const
  const { errorCode } = await transactions.request(transactionalId, { api: 'AddPartitions', request: asked }, context)
  return { errorCode }
}
