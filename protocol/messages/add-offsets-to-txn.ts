import { defineApi } from '../schema/api.ts'
import { int16, int32, int64, string } from '../schema/field.ts'

/**
 * Adds a group's offsets to a transaction (KIP-98).
 *
 * - 1: throttled after the answer (KIP-219) · 2: PRODUCER_FENCED (KIP-588) · 3: flexible · 4: TRANSACTION_ABORTABLE (KIP-890)
 */
export const addOffsetsToTxn = defineApi({
  key: 25,
  name: 'AddOffsetsToTxn',
  versions: '0-4',
  flexible: '3+',
  request: {
    transactionalId: string,
    producerId: int64,
    producerEpoch: int16,
    groupId: string,
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
  },
})
