import type { heartbeat } from '../../../protocol/messages/heartbeat.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import type { RequestContext } from '../context.ts'

/* Heartbeat. 3: static members (KIP-345) · 4: flexible */

type Request = RequestOf<typeof heartbeat>
type Response = ResponseOf<typeof heartbeat>

export const handleHeartbeat = (request: Request, context: RequestContext): Promise<Response> =>
  context.services.groups.request(request.groupId, { api: 'Heartbeat', request }, context)
