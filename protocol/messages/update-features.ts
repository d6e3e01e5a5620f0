import { defineApi } from '../schema/api.ts'
import { array, bool, int8, int16, int32, nullable, string } from '../schema/field.ts'

/**
 * Raises or lowers the levels of features (KIP-584).
 *
 * - 1: kinds of downgrade, may be tried only (KIP-778) · 2: no results for single features (KIP-1022)
 */
export const updateFeatures = defineApi({
  key: 57,
  name: 'UpdateFeatures',
  versions: '0-2',
  flexible: '0+',
  request: {
    timeoutMs: int32.default(60000),
    featureUpdates: array({
      feature: string,
      maxVersionLevel: int16,
      allowDowngrade: bool.until(0),
      upgradeType: int8.since(1).default(1),
    }),
    validateOnly: bool.since(1),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: nullable(string).default(''),
    results: array({
      feature: string,
      errorCode: int16,
      errorMessage: nullable(string).default(''),
    }).until(1),
  },
})
