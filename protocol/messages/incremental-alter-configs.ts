import { defineApi } from '../schema/api.ts'
import { array, bool, int8, int16, int32, nullable, string } from '../schema/field.ts'

/**
 * Changes single settings of resources (KIP-339).
 *
 * - 1: flexible
 */
export const incrementalAlterConfigs = defineApi({
  key: 44,
  name: 'IncrementalAlterConfigs',
  versions: '0-1',
  flexible: '1+',
  request: {
    resources: array({
      resourceType: int8,
      resourceName: string,
      configs: array({
        name: string,
        configOperation: int8,
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
