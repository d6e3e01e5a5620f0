import type { heartbeat } from '../../../protocol/messages/heartbeat.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import type { RequestContext } from '../context.ts'
import { callerOf } from './caller.ts'

/* Heartbeat. 3: static members (KIP-345) · 4: flexible */

type Request = RequestOf<typeof heartbeat>
type Response = ResponseOf<typeof heartbeat>

export const handleHeartbeat = (request: Request, context: RequestContext): Promise<Response> =>
  context.services.groups.request<Response>(request.groupId, { api: 'Heartbeat', request }, callerOf(context))
