import { defineApi } from '../schema/api.ts'
import { array, int8, int16, int32, nullable, string } from '../schema/field.ts'

/**
 * The access rules that fit a filter (KIP-140).
 *
 * - 1: pattern types (KIP-290) · 2: flexible · 3: users as resources (KIP-373)
 */
export const describeAcls = defineApi({
  key: 29,
  name: 'DescribeAcls',
  versions: '0-3',
  flexible: '2+',
  request: {
    resourceTypeFilter: int8,
    resourceNameFilter: nullable(string).default(''),
    patternTypeFilter: int8.since(1).default(3),
    principalFilter: nullable(string).default(''),
    hostFilter: nullable(string).default(''),
    operation: int8,
    permissionType: int8,
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: nullable(string).default(''),
    resources: array({
      resourceType: int8,
      resourceName: string,
      patternType: int8.since(1).default(3),
      acls: array({
        principal: string,
        host: string,
        operation: int8,
        permissionType: int8,
      }),
    }),
  },
})
