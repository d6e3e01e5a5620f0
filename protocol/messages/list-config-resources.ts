import { defineApi } from '../schema/api.ts'
import { array, int8, int16, int32, string } from '../schema/field.ts'

/**
 * The resources that have settings (KIP-1142).
 *
 * Version 0 was called ListClientMetricsResources and gives those alone (KIP-1000).
 *
 * - 1: all types, asked for and told
 */
export const listConfigResources = defineApi({
  key: 74,
  name: 'ListConfigResources',
  versions: '0-1',
  flexible: '0+',
  request: {
    resourceTypes: array(int8).since(1),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    configResources: array({
      resourceName: string,
      resourceType: int8.since(1).default(16),
    }),
  },
})
