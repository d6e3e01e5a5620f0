import { defineApi } from '../schema/api.ts'
import { array, int16, string } from '../schema/field.ts'

/**
 * Chooses the SASL mechanism.
 *
 * - 1: the exchange follows in SaslAuthenticate; after version 0 it comes as bare tokens without headers (KIP-152)
 */
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
