import { defineApi } from '../schema/api.ts'
import { int16, int32, nullable, string } from '../schema/field.ts'

/** Forgets a broker that is gone (KIP-500). */
export const unregisterBroker = defineApi({
  key: 64,
  name: 'UnregisterBroker',
  versions: '0',
  flexible: '0+',
  request: {
    brokerId: int32,
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: nullable(string).default(''),
  },
})
