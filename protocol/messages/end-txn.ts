import { defineApi } from '../schema/api.ts'
import { bool, int16, int32, int64, string } from '../schema/field.ts'

/**
 * Commits or aborts a transaction (KIP-98).
 *
 * - 1: throttled after the answer (KIP-219) · 2: PRODUCER_FENCED (KIP-588) · 3: flexible · 4: TRANSACTION_ABORTABLE (KIP-890)
 * - 5: each transaction has an epoch of its own: the next one is in the answer (KIP-890)
 */
export const endTxn = defineApi({
  key: 26,
  name: 'EndTxn',
  versions: '0-5',
  flexible: '3+',
  request: {
    transactionalId: string,
    producerId: int64,
    producerEpoch: int16,
    committed: bool,
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    producerId: int64.since(5).default(-1n),
    producerEpoch: int16.since(5).default(-1),
  },
})
