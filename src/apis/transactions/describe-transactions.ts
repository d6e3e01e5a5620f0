import type { describeTransactions } from '../../../protocol/messages/describe-transactions.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import type { RequestContext } from '../context.ts'

/* DescribeTransactions. 0: flexible (KIP-664) */

type Request = RequestOf<typeof describeTransactions>
type Response = ResponseOf<typeof describeTransactions>

export async function handleDescribeTransactions(request: Request, context: RequestContext): Promise<Response> {
  const { transactions } = context.services
  const states = request.transactionalIds.map((transactionalId) =>
    transactions.request(transactionalId, { api: 'DescribeTransaction', transactionalId }, context),
  )
  return { transactionStates: await Promise.all(states) }
}
