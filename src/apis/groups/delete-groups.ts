import type { deleteGroups } from '../../../protocol/messages/delete-groups.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import type { RequestContext } from '../context.ts'

/* DeleteGroups. 2: flexible · 3: error message */

type Request = RequestOf<typeof deleteGroups>
type Response = ResponseOf<typeof deleteGroups>

/** Each group once, however often it is named. */
export async function handleDeleteGroups(request: Request, context: RequestContext): Promise<Response> {
  return { results: await context.services.groups.delete([...new Set(request.groupsNames)], context) }
}
