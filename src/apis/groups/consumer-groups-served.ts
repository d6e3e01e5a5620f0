import { featureLevel } from '../../cluster/metadata-image.ts'
import type { RequestContext } from '../context.ts'

/** Not where the cluster's features do not have them, or this node is set not to serve them. */
export function servesConsumerGroups({ services }: RequestContext): boolean {
  const isServed = services.node.config.get('group.coordinator.rebalance.protocols').includes('consumer')
  return isServed && featureLevel(services.cluster.image, 'group.version') > 0
}
