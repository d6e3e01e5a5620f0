import type { listGroups } from '../../../protocol/messages/list-groups.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import type { RequestContext } from '../context.ts'

/* ListGroups. 3: flexible · 4: states (KIP-518) · 5: types (KIP-848) */

type Request = RequestOf<typeof listGroups>
type Response = ResponseOf<typeof listGroups>

/** The groups that this node coordinates; clients ask every node. */
export const handleListGroups = (request: Request, context: RequestContext): Promise<Response> =>
  context.services.groups.list(request, context)
