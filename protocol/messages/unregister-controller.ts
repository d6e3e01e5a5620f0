import { defineApi } from '../schema/api.ts'
import { int16, int32, nullable, string } from '../schema/field.ts'

/** Forgets a controller that is gone. */
export const unregisterController = defineApi({
  key: 94,
  name: 'UnregisterController',
  versions: '0',
  flexible: '0+',
  request: {
    controllerId: int32,
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: nullable(string).default(''),
  },
})
