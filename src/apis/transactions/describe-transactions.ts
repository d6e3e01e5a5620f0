import type { describeTransactions } from '../../../protocol/messages/describe-transactions.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import type { RequestContext } from '../context.ts'

/* DescribeTransactions. 0: flexible (KIP-664) */

type Request = RequestOf<typeof describeTransactions>
type Response = ResponseOf<typeof describeTransactions>

/** Each once, however often it is named: a small request may not ask for an answer without bounds. */
export async function handleDescribeTransactions(request: Request, context: RequestContext): Promise<Response> {
  const { transactions } = context.services
  const states = [...new Set(request.transactionalIds)].map((transactionalId) =>
    transactions.request(transactionalId, { api: 'DescribeTransaction', transactionalId }, context),
  )
  return { transactionStates: await Promise.all(states) }
}
