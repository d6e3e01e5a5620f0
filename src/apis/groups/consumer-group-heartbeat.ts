import { errorCode, type KafkaError } from '../../../protocol/errors.ts'
import type { consumerGroupHeartbeat } from '../../../protocol/messages/consumer-group-heartbeat.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import type { RequestContext } from '../context.ts'
import { servesConsumerGroups } from './consumer-groups-served.ts'

/* ConsumerGroupHeartbeat. 1: regular expressions, the member makes its own id (KIP-1082) */

type Request = RequestOf<typeof consumerGroupHeartbeat>
type Response = ResponseOf<typeof consumerGroupHeartbeat>

export async function handleConsumerGroupHeartbeat(request: Request, context: RequestContext): Promise<Response> {
  // Kafka gives no reason.
  if (!servesConsumerGroups(context))
    return { errorCode: errorCode('UNSUPPORTED_VERSION'), memberEpoch: 0, heartbeatIntervalMs: 0 }
  const invalidRegex = await whyInvalid(request.subscribedTopicRegex)
  return context.services.groups.request(request.groupId, { api: 'ConsumerGroupHeartbeat', request, invalidRegex }, context)
}

/** RE2 is loaded when the first regular expression comes. */
async function whyInvalid(regex: string | null): Promise<KafkaError | null> {
  if (!regex) return null
  const { whyInvalidTopicRegex } = await import('../../coordinators/group/topic-regex.ts')
  return whyInvalidTopicRegex(regex)
}
