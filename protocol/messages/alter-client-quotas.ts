import { defineApi } from '../schema/api.ts'
import { array, bool, float64, int16, int32, nullable, string } from '../schema/field.ts'

/**
 * Changes quotas of users, client ids and addresses (KIP-546).
 *
 * - 1: flexible
 */
export const alterClientQuotas = defineApi({
  key: 49,
  name: 'AlterClientQuotas',
  versions: '0-1',
  flexible: '1+',
  request: {
    entries: array({
      entity: array({
        entityType: string,
        entityName: nullable(string).default(''),
      }),
      ops: array({
        key: string,
        value: float64,
        remove: bool,
      }),
    }),
    validateOnly: bool,
  },
  response: {
    throttleTimeMs: int32.default(0),
    entries: array({
      errorCode: int16,
      errorMessage: nullable(string).default(''),
      entity: array({
        entityType: string,
        entityName: nullable(string).default(''),
      }),
    }),
  },
  refuse: (request, error) => ({
    entries: request.entries.map(({ entity }) => ({ entity, errorCode: error.errorCode, errorMessage: error.message })),
  }),
})
