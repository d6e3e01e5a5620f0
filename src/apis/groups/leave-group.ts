import type { leaveGroup } from '../../../protocol/messages/leave-group.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import type { RequestContext } from '../context.ts'

/* LeaveGroup. 3: several members at once (KIP-345) · 4: flexible · 5: reason (KIP-800) */

type Request = RequestOf<typeof leaveGroup>
type Response = ResponseOf<typeof leaveGroup>

export const handleLeaveGroup = (request: Request, context: RequestContext): Promise<Response> =>
  context.services.groups.request(request.groupId, { api: 'LeaveGroup', request }, context)
