import { defineApi } from '../schema/api.ts'
import { array, bool, int8, int16, int32, nullable, string } from '../schema/field.ts'

/**
 * Replaces all settings of resources (KIP-133); IncrementalAlterConfigs changes single ones.
 *
 * - 1: throttled after the answer (KIP-219) · 2: flexible
 */
export const alterConfigs = defineApi({
  key: 33,
  name: 'AlterConfigs',
  versions: '0-2',
  flexible: '2+',
  request: {
    resources: array({
      resourceType: int8,
      resourceName: string,
      configs: array({
        name: string,
        value: nullable(string).default(''),
      }),
    }),
    validateOnly: bool,
  },
  response: {
    throttleTimeMs: int32.default(0),
    responses: array({
      errorCode: int16,
      errorMessage: nullable(string).default(''),
      resourceType: int8,
      resourceName: string,
    }),
  },
  refuse: (request, error) => ({
    responses: request.resources.map(({ resourceType, resourceName }) => ({
      resourceType,
      resourceName,
      errorCode: error.errorCode,
      errorMessage: error.message,
    })),
  }),
})
