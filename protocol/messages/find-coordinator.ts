import { defineApi } from '../schema/api.ts'
import { array, int8, int16, int32, nullable, string } from '../schema/field.ts'

/**
 * Which broker coordinates a group, a transactional id, or a share group's partition.
 *
 * - 1: transactional ids, error message · 2: throttled after the answer (KIP-219) · 3: flexible
 * - 4: many keys (KIP-699) · 5: TRANSACTION_ABORTABLE (KIP-890) · 6: share groups (KIP-932)
 */
export const findCoordinator = defineApi({
  key: 10,
  name: 'FindCoordinator',
  versions: '0-6',
  flexible: '3+',
  request: {
    key: string.until(3),
    keyType: int8.since(1),
    coordinatorKeys: array(string).since(4),
  },
  response: {
    throttleTimeMs: int32.since(1),
    errorCode: int16.until(3),
    errorMessage: nullable(string).since(1).until(3).default(''),
    nodeId: int32.until(3),
    host: string.until(3),
    port: int32.until(3),
    coordinators: array({
      key: string,
      nodeId: int32,
      host: string,
      port: int32,
      errorCode: int16,
      errorMessage: nullable(string).default(''),
    }).since(4),
  },
  refuse: (request, error) => {
    const refusal = { nodeId: -1, host: '', port: -1, errorCode: error.errorCode, errorMessage: error.message }
    return { ...refusal, coordinators: request.coordinatorKeys.map((key) => ({ key, ...refusal })) }
  },
})
