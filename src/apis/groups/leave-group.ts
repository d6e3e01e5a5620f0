import type { leaveGroup } from '../../../protocol/messages/leave-group.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import type { RequestContext } from '../context.ts'
import { callerOf } from './caller.ts'

/* LeaveGroup. 3: several members at once (KIP-345) · 4: flexible · 5: reason (KIP-800) */

type Request = RequestOf<typeof leaveGroup>
type Response = ResponseOf<typeof leaveGroup>

export const handleLeaveGroup = (request: Request, context: RequestContext): Promise<Response> =>
  context.services.groups.request<Response>(request.groupId, { api: 'LeaveGroup', request }, callerOf(context))
