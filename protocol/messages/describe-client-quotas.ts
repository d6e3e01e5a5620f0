import { defineApi } from '../schema/api.ts'
import { array, bool, float64, int8, int16, int32, nullable, string } from '../schema/field.ts'

/**
 * The quotas that fit a filter (KIP-546).
 *
 * - 1: flexible
 */
export const describeClientQuotas = defineApi({
  key: 48,
  name: 'DescribeClientQuotas',
  versions: '0-1',
  flexible: '1+',
  request: {
    components: array({
      entityType: string,
      matchType: int8,
      match: nullable(string).default(''),
    }),
    strict: bool,
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: nullable(string).default(''),
    entries: nullable(
      array({
        entity: array({
          entityType: string,
          entityName: nullable(string).default(''),
        }),
        values: array({
          key: string,
          value: float64,
        }),
      }),
    ).default([]),
  },
  refuse: (_request, error) => ({ errorCode: error.errorCode, errorMessage: error.message, entries: null }),
})
