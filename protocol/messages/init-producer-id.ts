import { defineApi } from '../schema/api.ts'
import { bool, int16, int32, int64, nullable, string } from '../schema/field.ts'

/**
 * Gives a producer its id and epoch, and fences those before it (KIP-98).
 *
 * - 1: throttled after the answer (KIP-219) · 2: flexible · 3: a producer goes on with the id that it has (KIP-360)
 * - 4: PRODUCER_FENCED (KIP-588) · 5: TRANSACTION_ABORTABLE (KIP-890) · 6: two-phase commit (KIP-939), still being designed
 */
export const initProducerId = defineApi({
  key: 22,
  name: 'InitProducerId',
  versions: '0-6',
  flexible: '2+',
  request: {
    transactionalId: nullable(string).default(''),
    transactionTimeoutMs: int32,
    producerId: int64.since(3).default(-1n),
    producerEpoch: int16.since(3).default(-1),
    enable2Pc: bool.since(6).default(false),
    keepPreparedTxn: bool.since(6).default(false),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    producerId: int64.default(-1n),
    producerEpoch: int16,
    ongoingTxnProducerId: int64.since(6).default(-1n),
    ongoingTxnProducerEpoch: int16.since(6).default(-1),
  },
  refuse: (_request, error) => ({ errorCode: error.errorCode, producerId: -1n, producerEpoch: -1 }),
})
