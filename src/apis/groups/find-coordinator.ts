import { coordinatorPartition } from '../../../protocol/coordinator-records/partition-for.ts'
import { errorCode, KafkaError } from '../../../protocol/errors.ts'
import type { findCoordinator } from '../../../protocol/messages/find-coordinator.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import type { TopicImage } from '../../cluster/metadata-image.ts'
import { OFFSETS_TOPIC, TRANSACTION_STATE_TOPIC } from '../../cluster/topic-names.ts'
import type { RequestContext } from '../context.ts'
import { orRefused } from '../refused.ts'
import { ensureTopicsHere } from '../topics/first-use.ts'

/* FindCoordinator. 1: kind of key · 3: flexible · 4: several keys (KIP-699) · 5: transactions 2 (KIP-890) · 6: share groups (KIP-932) */

type Request = RequestOf<typeof findCoordinator>
type Response = ResponseOf<typeof findCoordinator>

const GROUP = 0
const TRANSACTION = 1
const SHARE = 2

interface Found {
  readonly nodeId: number
  readonly host: string
  readonly port: number
  readonly errorCode: number
  readonly errorMessage: string
}

export async function handleFindCoordinator(request: Request, context: RequestContext): Promise<Response> {
  // Once, however many keys there are: a request may hold a hundred thousand.
  const find = await finderFor(request.keyType, context)
  if (context.version < 4) {
    const found = find(request.key)
    return { ...found, errorMessage: found.errorCode === 0 ? 'NONE' : found.errorMessage }
  }
  return { coordinators: request.coordinatorKeys.map((key) => ({ key, ...find(key) })) }
}

type Finder = (key: string) => Found

function finderFor(keyType: number, context: RequestContext): Promise<Finder> {
  return orRefused<Finder>(
    async () => {
      // In these two versions Kafka gives no reason.
      if (keyType === SHARE && (context.version === 4 || context.version === 5)) throw new KafkaError('INVALID_REQUEST', '')
      if (keyType !== GROUP && keyType !== TRANSACTION) throw new KafkaError('INVALID_REQUEST')
      const topic = await topicHere(keyType === GROUP ? OFFSETS_TOPIC : TRANSACTION_STATE_TOPIC, context)
      return (key) => coordinatorOf(key, topic, context)
    },
    (error) => () => nowhere(error),
  )
}

const nowhere = (error: KafkaError): Found => ({
  nodeId: -1,
  host: '',
  port: -1,
  errorCode: error.errorCode,
  errorMessage: error.message,
})

/** It is made when it is first needed. */
async function topicHere(name: string, { services }: RequestContext): Promise<TopicImage> {
  const [ensured] = await ensureTopicsHere([name], services)
  if (ensured === undefined || 'error' in ensured) throw new KafkaError('COORDINATOR_NOT_AVAILABLE', ensured?.error.message)
  return ensured.topic
}

/** The leader of the partition in which the records of a group or a transactional id stand. */
function coordinatorOf(key: string, topic: TopicImage, { services, connection }: RequestContext): Found {
  const { cluster, advertising } = services
  const partition = topic.partitions[coordinatorPartition(key, topic.partitions.length)]
  const node = cluster.nodes.find(({ id }) => id === partition?.leader)
  const endpoint = node === undefined ? undefined : advertising.endpointOf(node, connection)
  if (node === undefined || endpoint === undefined) return nowhere(new KafkaError('COORDINATOR_NOT_AVAILABLE'))
  return { nodeId: node.id, host: endpoint.host, port: endpoint.port, errorCode: errorCode('NONE'), errorMessage: '' }
}
