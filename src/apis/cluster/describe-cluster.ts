import { KafkaError } from '../../../protocol/errors.ts'
import type { describeCluster } from '../../../protocol/messages/describe-cluster.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import { authorizedOperations, OPERATIONS_NOT_ASKED } from '../authorized-operations.ts'
import type { RequestContext } from '../context.ts'

/* DescribeCluster (KIP-700). 1: brokers or controllers (KIP-919) · 2: fenced brokers (KIP-1073) */

type Request = RequestOf<typeof describeCluster>
type Response = ResponseOf<typeof describeCluster>

const BROKERS = 1
const CONTROLLERS = 2

export function handleDescribeCluster(request: Request, { services, connection }: RequestContext): Response {
  if (request.endpointType === CONTROLLERS) {
    throw new KafkaError(
      'MISMATCHED_ENDPOINT_TYPE',
      'The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER',
    )
  }
  if (request.endpointType !== BROKERS) {
    throw new KafkaError('UNSUPPORTED_ENDPOINT_TYPE', `Unsupported endpoint type ${request.endpointType}`)
  }
  const { cluster, advertising } = services
  return {
    errorCode: 0,
    clusterId: cluster.id,
    controllerId: cluster.controllerId,
    brokers: cluster.nodes.flatMap((node) => {
      const endpoint = advertising.endpointOf(node, connection)
      return endpoint === undefined
        ? []
        : [{ brokerId: node.id, host: endpoint.host, port: endpoint.port, rack: node.rack, isFenced: false }]
    }),
    clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? authorizedOperations.cluster : OPERATIONS_NOT_ASKED,
  }
}
