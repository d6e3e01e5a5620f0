import { KafkaError } from '../../../protocol/errors.ts'
import type { initProducerId } from '../../../protocol/messages/init-producer-id.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import type { RequestContext } from '../context.ts'

/*
 * InitProducerId. 2: flexible · 3: the id that the producer had (KIP-360) · 4: PRODUCER_FENCED (KIP-588) · 5: transactions 2 (KIP-890)
 * 6: two-phase commit (KIP-939), which is still being designed: served, but not listed
 */

type Request = RequestOf<typeof initProducerId>
type Response = ResponseOf<typeof initProducerId>

/** An idempotent producer gets a new id each time: that it had one before counts for transactions alone. */
export async function handleInitProducerId(request: Request, context: RequestContext): Promise<Response> {
  const { producerIds, transactions } = context.services
  const { transactionalId, producerId, producerEpoch } = request
  if ((producerId === -1n) !== (producerEpoch === -1)) throw new KafkaError('INVALID_REQUEST')
  if (transactionalId === null) return { errorCode: 0, producerId: await producerIds.next(), producerEpoch: 0 }
  if (transactionalId !== '') refuseTwoPhaseCommit(request)
  return transactions.request(transactionalId, { api: 'InitProducerId', request }, context)
}

/** As where transaction.two.phase.commit.enable is off. */
function refuseTwoPhaseCommit({ enable2Pc, keepPreparedTxn }: Request): void {
  if (enable2Pc) throw new KafkaError('TRANSACTIONAL_ID_AUTHORIZATION_FAILED')
  if (keepPreparedTxn) throw new KafkaError('UNSUPPORTED_VERSION')
}
