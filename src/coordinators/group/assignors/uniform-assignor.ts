import type { PartitionAssignor } from './partition-assignor.ts'
import { assignUniformHeterogeneous } from './uniform-heterogeneous.ts'
import { assignUniformHomogeneous } from './uniform-homogeneous.ts'

/**
 * Kafka's default: as many partitions for everyone as can be, and of those ways the one that moves few partitions. A member whose
 * assignment stays gets the very object that it came with.
 */
export const uniformAssignor: PartitionAssignor = {
  name: 'uniform',
  assign(group, topics) {
    if (group.members.size === 0) return new Map()
    return group.subscriptionType === 'homogeneous'
      ? assignUniformHomogeneous(group, topics)
      : assignUniformHeterogeneous(group, topics)
  },
}
