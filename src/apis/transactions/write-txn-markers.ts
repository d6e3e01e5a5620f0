import { type ErrorName, errorCode, KafkaError } from '../../../protocol/errors.ts'
import type { writeTxnMarkers } from '../../../protocol/messages/write-txn-markers.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import type { RequestContext } from '../context.ts'
import { eachPartitionOnce } from '../each-partition-once.ts'
import { refusalOf } from '../refused.ts'

/* WriteTxnMarkers. 1: flexible · 2: the transaction version, which decides what epoch a marker must have (KIP-1228) */

type Request = RequestOf<typeof writeTxnMarkers>
type Response = ResponseOf<typeof writeTxnMarkers>
type Marker = Request['markers'][number]
type MarkerResult = Response['markers'][number]
type TopicResult = MarkerResult['topics'][number]

/** For other coordinators, and for an administrator who aborts a transaction that nobody ends any more (KIP-664). */
export async function handleWriteTxnMarkers(request: Request, context: RequestContext): Promise<Response> {
  const written = await Promise.all(
    request.markers.map(async (marker) => ({ producerId: marker.producerId, topics: await write(marker, context) })),
  )
  return { markers: merged(written) }
}

function write(marker: Marker, context: RequestContext): Promise<readonly TopicResult[]> {
  const { producerId, producerEpoch, transactionResult, coordinatorEpoch, transactionVersion, topics } = marker
  const toWrite = { producerId, producerEpoch, commit: transactionResult, coordinatorEpoch, transactionVersion }
  const named = eachPartitionOnce(topics.map(({ name, partitionIndexes }) => ({ topic: name, partitions: partitionIndexes })))
  return Promise.all(
    named.map(async ({ topic, partitions: indexes }) => {
      const partitions = indexes.map(async (partitionIndex) => {
        const appended = isOfProducer(marker)
          ? context.services.transactionMarkers.append({ topic, partition: partitionIndex }, toWrite)
          : Promise.reject(new KafkaError('UNKNOWN_SERVER_ERROR', 'A marker needs a producer id and epoch'))
        const error = await appended.then(
          (): ErrorName => 'NONE',
          (refusal: unknown) => told(refusalOf(refusal).code),
        )
        return { partitionIndex, errorCode: errorCode(error) }
      })
      return { name: topic, partitions: await Promise.all(partitions) }
    }),
  )
}

/** -1 stands for no producer, in a batch too: a log that kept such a marker would know of a producer that nobody is. */
const isOfProducer = ({ producerId, producerEpoch }: Marker): boolean => producerId >= 0n && producerEpoch >= 0

/** Who writes markers knows of leaders, not of coordinators of groups. */
function told(error: ErrorName): ErrorName {
  const isGroups =
    error === 'COORDINATOR_NOT_AVAILABLE' || error === 'COORDINATOR_LOAD_IN_PROGRESS' || error === 'NOT_COORDINATOR'
  return isGroups ? 'NOT_LEADER_OR_FOLLOWER' : error
}

/** One result for each producer, whose partitions came in one marker or in several. */
function merged(results: readonly MarkerResult[]): readonly MarkerResult[] {
  const byProducer = new Map<bigint, TopicResult[]>()
  for (const { producerId, topics } of results) {
    const known = byProducer.get(producerId)
    if (known === undefined) byProducer.set(producerId, [...topics])
    else known.push(...topics)
  }
  return [...byProducer].map(([producerId, topics]) => ({ producerId, topics }))
}
