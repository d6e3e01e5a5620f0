import type { listTransactions } from '../../../protocol/messages/list-transactions.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import type { RequestContext } from '../context.ts'

/* ListTransactions. 1: by how long they last (KIP-994) · 2: by a pattern of their ids (KIP-1152) */

type Request = RequestOf<typeof listTransactions>
type Response = ResponseOf<typeof listTransactions>

export function handleListTransactions(request: Request, context: RequestContext): Promise<Response> {
  return context.services.transactions.list(request, context)
}
