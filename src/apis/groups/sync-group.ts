import { KafkaError } from '../../../protocol/errors.ts'
import type { syncGroup } from '../../../protocol/messages/sync-group.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import type { RequestContext } from '../context.ts'

/* SyncGroup. 3: static members (KIP-345) · 4: flexible · 5: protocol type and name */

type Request = RequestOf<typeof syncGroup>
type Response = ResponseOf<typeof syncGroup>

export function handleSyncGroup(request: Request, context: RequestContext): Promise<Response> {
  // Null is legal on the wire since version 5, and yet they must be there.
  if (context.version >= 5 && (request.protocolType === null || request.protocolName === null)) {
    throw new KafkaError('INCONSISTENT_GROUP_PROTOCOL')
  }
  return context.services.groups.request(request.groupId, { api: 'SyncGroup', request }, context)
}
