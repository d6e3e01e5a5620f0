import type { consumerGroupDescribe } from '../../../protocol/messages/consumer-group-describe.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import { notDescribed } from '../../coordinators/group/consumer/describe-consumer-group.ts'
import { authorizedOperations, OPERATIONS_NOT_ASKED } from '../authorized-operations.ts'
import type { RequestContext } from '../context.ts'
import { servesConsumerGroups } from './consumer-groups-served.ts'

/* ConsumerGroupDescribe. 1: whether a member speaks the classic protocol (KIP-1099) */

type Request = RequestOf<typeof consumerGroupDescribe>
type Response = ResponseOf<typeof consumerGroupDescribe>

/** Each group once, as in DescribeGroups. */
export async function handleConsumerGroupDescribe(request: Request, context: RequestContext): Promise<Response> {
  // Kafka gives no reason.
  if (!servesConsumerGroups(context)) {
    return { groups: request.groupIds.map((groupId) => notDescribed(groupId, 'UNSUPPORTED_VERSION', null)) }
  }
  const described = await context.services.groups.describeConsumerGroups([...new Set(request.groupIds)], context)
  const groups = described.map((group) => {
    const isAsked = request.includeAuthorizedOperations && group.errorCode === 0
    return { ...group, authorizedOperations: isAsked ? authorizedOperations.group : OPERATIONS_NOT_ASKED }
  })
  return { groups }
}
