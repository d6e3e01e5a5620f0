import { defineApi } from '../schema/api.ts'
import { array, int8, int16, int32, nullable, string } from '../schema/field.ts'

/**
 * Adds access rules (KIP-140).
 *
 * - 1: pattern types (KIP-290) · 2: flexible · 3: users as resources (KIP-373)
 */
export const createAcls = defineApi({
  key: 30,
  name: 'CreateAcls',
  versions: '0-3',
  flexible: '2+',
  request: {
    creations: array({
      resourceType: int8,
      resourceName: string,
      resourcePatternType: int8.since(1).default(3),
      principal: string,
      host: string,
      operation: int8,
      permissionType: int8,
    }),
  },
  response: {
    throttleTimeMs: int32.default(0),
    results: array({
      errorCode: int16,
      errorMessage: nullable(string).default(''),
    }),
  },
  refuse: (request, error) => ({
    results: request.creations.map(() => ({ errorCode: error.errorCode, errorMessage: error.message })),
  }),
})
