import type { describeGroups } from '../../../protocol/messages/describe-groups.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import { authorizedOperations, OPERATIONS_NOT_ASKED } from '../authorized-operations.ts'
import type { RequestContext } from '../context.ts'

/* DescribeGroups. 3: authorized operations (KIP-430) · 4: static members (KIP-345) · 5: flexible · 6: GROUP_ID_NOT_FOUND (KIP-1043) */

type Request = RequestOf<typeof describeGroups>
type Response = ResponseOf<typeof describeGroups>

/** Each group once, however often it is named: a small request may not ask for an answer without bounds. */
export async function handleDescribeGroups(request: Request, context: RequestContext): Promise<Response> {
  const described = await context.services.groups.describe([...new Set(request.groups)], context)
  const groups = described.map((group) => {
    const isAsked = request.includeAuthorizedOperations && group.errorCode === 0
    return { ...group, authorizedOperations: isAsked ? authorizedOperations.group : OPERATIONS_NOT_ASKED }
  })
  return { groups }
}
