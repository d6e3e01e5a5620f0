import { KafkaError } from '../../../protocol/errors.ts'
import { featureLevel } from '../../cluster/metadata-image.ts'
import type { RequestContext } from '../context.ts'

/** Throws where the cluster's features do not have them, or this node is set not to serve them. */
export function refuseWithoutConsumerGroups({ services }: RequestContext): void {
  const isServed = services.node.config.get('group.coordinator.rebalance.protocols').includes('consumer')
  if (isServed && featureLevel(services.cluster.image, 'group.version') > 0) return
  throw new KafkaError('UNSUPPORTED_VERSION')
}
