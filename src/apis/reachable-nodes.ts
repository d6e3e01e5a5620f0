import type { ClusterNode } from '../cluster/cluster.ts'
import type { MetadataImage } from '../cluster/metadata-image.ts'
import type { RequestContext } from './context.ts'

interface ReachableNode {
  readonly node: ClusterNode
  readonly host: string
  readonly port: number
}

/** The nodes that have a listener of the name by which the client came, each with the address that it is told. */
export function reachableNodes({ services, connection }: RequestContext): readonly ReachableNode[] {
  return services.cluster.nodes.flatMap((node) => {
    const endpoint = services.advertising.endpointOf(node, connection)
    return endpoint === undefined ? [] : [{ node, host: endpoint.host, port: endpoint.port }]
  })
}

/** Up and in the cluster: one that is fenced leads nothing, and clients are not sent there. */
export const isAlive = (image: MetadataImage, brokerId: number): boolean => image.brokers.get(brokerId)?.fenced === false
