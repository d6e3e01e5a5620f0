import { coordinatorPartition } from '../../../protocol/coordinator-records/partition-for.ts'
import { errorCode, KafkaError } from '../../../protocol/errors.ts'
import type { findCoordinator } from '../../../protocol/messages/find-coordinator.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import { OFFSETS_TOPIC } from '../../cluster/topic-names.ts'
import type { RequestContext } from '../context.ts'
import { orRefused } from '../refused.ts'
import { ensureTopicsHere } from '../topics/first-use.ts'

/* FindCoordinator. 1: kind of key · 3: flexible · 4: several keys (KIP-699) · 5: transactions 2 (KIP-890) · 6: share groups (KIP-932) */

type Request = RequestOf<typeof findCoordinator>
type Response = ResponseOf<typeof findCoordinator>

const GROUP = 0
const SHARE = 2
/** From this version on the kind `SHARE` is known (KIP-932). */
const SHARE_VERSION = 6

interface Found {
  readonly nodeId: number
  readonly host: string
  readonly port: number
  readonly errorCode: number
  readonly errorMessage: string
}

export async function handleFindCoordinator(request: Request, context: RequestContext): Promise<Response> {
  if (context.version < 4) {
    const found = await find(request.keyType, request.key, context)
    return { ...found, errorMessage: found.errorCode === 0 ? 'NONE' : found.errorMessage }
  }
  const coordinators = request.coordinatorKeys.map(async (key) => ({ key, ...(await find(request.keyType, key, context)) }))
  return { coordinators: await Promise.all(coordinators) }
}

function find(keyType: number, key: string, context: RequestContext): Promise<Found> {
  return orRefused(
    async () => {
      // Kafka gives no reason for a kind that came later than the version.
      if (keyType === SHARE && context.version < SHARE_VERSION) throw new KafkaError('INVALID_REQUEST', '')
      if (keyType !== GROUP) throw new KafkaError('INVALID_REQUEST')
      return groupCoordinator(key, context)
    },
    (error): Found => ({ nodeId: -1, host: '', port: -1, errorCode: error.errorCode, errorMessage: error.message }),
  )
}

/** The leader of the partition in which the group's records stand. The topic is made when it is first needed. */
async function groupCoordinator(groupId: string, { services, connection }: RequestContext): Promise<Found> {
  const { cluster, advertising } = services
  const [ensured] = await ensureTopicsHere([OFFSETS_TOPIC], services)
  if (ensured === undefined || 'error' in ensured) throw new KafkaError('COORDINATOR_NOT_AVAILABLE', ensured?.error.message)
  const { topic } = ensured
  const partition = topic.partitions[coordinatorPartition(groupId, topic.partitions.length)]
  const node = cluster.nodes.find(({ id }) => id === partition?.leader)
  const endpoint = node === undefined ? undefined : advertising.endpointOf(node, connection)
  if (node === undefined || endpoint === undefined) throw new KafkaError('COORDINATOR_NOT_AVAILABLE')
  return { nodeId: node.id, host: endpoint.host, port: endpoint.port, errorCode: errorCode('NONE'), errorMessage: '' }
}
