import type { syncGroup } from '../../../protocol/messages/sync-group.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import type { RequestContext } from '../context.ts'

/* SyncGroup. 3: static members (KIP-345) · 4: flexible · 5: protocol type and name */

type Request = RequestOf<typeof syncGroup>
type Response = ResponseOf<typeof syncGroup>

export const handleSyncGroup = (request: Request, context: RequestContext): Promise<Response> =>
  context.services.groups.request(request.groupId, { api: 'SyncGroup', request }, context)
