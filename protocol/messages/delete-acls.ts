import { defineApi } from '../schema/api.ts'
import { array, int8, int16, int32, nullable, string } from '../schema/field.ts'

/**
 * Removes the access rules that fit filters (KIP-140).
 *
 * - 1: pattern types (KIP-290) · 2: flexible · 3: users as resources (KIP-373)
 */
export const deleteAcls = defineApi({
  key: 31,
  name: 'DeleteAcls',
  versions: '0-3',
  flexible: '2+',
  request: {
    filters: array({
      resourceTypeFilter: int8,
      resourceNameFilter: nullable(string).default(''),
      patternTypeFilter: int8.since(1).default(3),
      principalFilter: nullable(string).default(''),
      hostFilter: nullable(string).default(''),
      operation: int8,
      permissionType: int8,
    }),
  },
  response: {
    throttleTimeMs: int32.default(0),
    filterResults: array({
      errorCode: int16,
      errorMessage: nullable(string).default(''),
      matchingAcls: array({
        errorCode: int16,
        errorMessage: nullable(string).default(''),
        resourceType: int8,
        resourceName: string,
        patternType: int8.since(1).default(3),
        principal: string,
        host: string,
        operation: int8,
        permissionType: int8,
      }),
    }),
  },
  refuse: (request, error) => ({
    filterResults: request.filters.map(() => ({ errorCode: error.errorCode, errorMessage: error.message, matchingAcls: [] })),
  }),
})
