import type { joinGroup } from '../../../protocol/messages/join-group.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import type { RequestContext } from '../context.ts'

/* JoinGroup. 1: rebalance timeout · 4: member id required (KIP-394) · 5: static members (KIP-345) · 6: flexible · 7: protocol type · 8: reason (KIP-800) · 9: skipAssignment (KIP-814) */

type Request = RequestOf<typeof joinGroup>
type Response = ResponseOf<typeof joinGroup>

/** Kafka's way to say that there is no protocol, whatever the coordinator meant: null where the version can, else an empty name. */
export async function handleJoinGroup(request: Request, context: RequestContext): Promise<Response> {
  const response = await context.services.groups.request(request.groupId, { api: 'JoinGroup', request }, context)
  const { protocolName } = response
  return { ...response, protocolName: context.version >= 7 ? protocolName || null : (protocolName ?? '') }
}
