import { defineApi } from '../schema/api.ts'
import { array, int16, int32, int64, nullable, string } from '../schema/field.ts'

/**
 * The transactions that this broker coordinates (KIP-664).
 *
 * - 1: by how long they last (KIP-994) · 2: by a pattern of their ids (KIP-1152)
 */
export const listTransactions = defineApi({
  key: 66,
  name: 'ListTransactions',
  versions: '0-2',
  flexible: '0+',
  request: {
    stateFilters: array(string),
    producerIdFilters: array(int64),
    durationFilter: int64.since(1).default(-1n),
    transactionalIdPattern: nullable(string).since(2),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    unknownStateFilters: array(string),
    transactionStates: array({
      transactionalId: string,
      producerId: int64,
      transactionState: string,
    }),
  },
})
