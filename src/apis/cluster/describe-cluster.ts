import { KafkaError } from '../../../protocol/errors.ts'
import type { describeCluster } from '../../../protocol/messages/describe-cluster.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import { authorizedOperations, OPERATIONS_NOT_ASKED } from '../authorized-operations.ts'
import type { RequestContext } from '../context.ts'
import { isAlive, reachableNodes } from '../reachable-nodes.ts'

/* DescribeCluster (KIP-700). 1: brokers or controllers (KIP-919) · 2: fenced brokers (KIP-1073) */

type Request = RequestOf<typeof describeCluster>
type Response = ResponseOf<typeof describeCluster>

const BROKERS = 1
const CONTROLLERS = 2

export function handleDescribeCluster(request: Request, context: RequestContext): Response {
  checkEndpointType(request.endpointType)
  const { cluster } = context.services
  return {
    errorCode: 0,
    clusterId: cluster.id,
    controllerId: cluster.controllerId,
    brokers: reachableNodes(context)
      .map(({ node, host, port }) => ({ node, host, port, isFenced: !isAlive(cluster.image, node.id) }))
      .filter(({ isFenced }) => request.includeFencedBrokers || !isFenced)
      .map(({ node, host, port, isFenced }) => ({ brokerId: node.id, host, port, rack: node.rack, isFenced })),
    clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? authorizedOperations.cluster : OPERATIONS_NOT_ASKED,
  }
}

function checkEndpointType(endpointType: number): void {
  if (endpointType === CONTROLLERS) {
    throw new KafkaError(
      'MISMATCHED_ENDPOINT_TYPE',
      'The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER',
    )
  }
  if (endpointType !== BROKERS) {
    throw new KafkaError('UNSUPPORTED_ENDPOINT_TYPE', `Unsupported endpoint type ${endpointType}`)
  }
}
