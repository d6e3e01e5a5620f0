import { defineApi } from '../schema/api.ts'
import { array, bool, int8, int16, int32, nullable, string } from '../schema/field.ts'

/**
 * The brokers, the controller and the cluster id (KIP-700).
 *
 * - 1: brokers or controllers (KIP-919) · 2: fenced brokers (KIP-1073)
 */
export const describeCluster = defineApi({
  key: 60,
  name: 'DescribeCluster',
  versions: '0-2',
  flexible: '0+',
  request: {
    includeClusterAuthorizedOperations: bool,
    endpointType: int8.since(1).default(1),
    includeFencedBrokers: bool.since(2),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: nullable(string).default(null),
    endpointType: int8.since(1).default(1),
    clusterId: string,
    controllerId: int32.default(-1),
    brokers: array({
      brokerId: int32,
      host: string,
      port: int32,
      rack: nullable(string).default(null),
      isFenced: bool.since(2),
    }),
    clusterAuthorizedOperations: int32.default(-2147483648),
  },
})
