import { defineApi } from '../schema/api.ts'
import { array, int16, string } from '../schema/field.ts'

/** TODO SaslHandshake */
export const saslHandshake = defineApi({
  key: 17,
  name: 'SaslHandshake',
  versions: '0-1',
  flexible: 'none',
  request: {
    mechanism: string,
  },
  response: {
    errorCode: int16,
    mechanisms: array(string),
  },
})
