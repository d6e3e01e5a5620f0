import { defineApi } from '../schema/api.ts'
import { array, int16, int32, nullable, string } from '../schema/field.ts'

/**
 * Removes groups without members (KIP-229).
 *
 * - 1: throttled after the answer (KIP-219) · 2: flexible · 3: error message
 */
export const deleteGroups = defineApi({
  key: 42,
  name: 'DeleteGroups',
  versions: '0-3',
  flexible: '2+',
  request: {
    groupsNames: array(string),
  },
  response: {
    throttleTimeMs: int32.default(0),
    results: array({
      groupId: string,
      errorCode: int16,
      errorMessage: nullable(string).since(3),
    }),
  },
  refuse: (request, error) => ({
    results: request.groupsNames.map((groupId) => ({ groupId, errorCode: error.errorCode })),
  }),
})
