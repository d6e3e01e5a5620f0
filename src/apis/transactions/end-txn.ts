import type { endTxn } from '../../../protocol/messages/end-txn.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import type { RequestContext } from '../context.ts'

/* EndTxn. 2: PRODUCER_FENCED (KIP-588) · 3: flexible · 4: TRANSACTION_ABORTABLE · 5: transaction version 2, with the next epoch (KIP-890) */

type Request = RequestOf<typeof endTxn>
type Response = ResponseOf<typeof endTxn>

export function handleEndTxn(request: Request, context: RequestContext): Promise<Response> {
  return context.services.transactions.request(request.transactionalId, { api: 'EndTxn', request }, context)
}
