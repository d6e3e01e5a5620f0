import type { PartitionAssignor } from './partition-assignor.ts'
import { rangeAssignor } from './range-assignor.ts'
import { uniformAssignor } from './uniform-assignor.ts'

/** What `group.consumer.assignors` may name, in the order of its default: the first is used where members name none. */
export const builtInAssignors: readonly PartitionAssignor[] = [uniformAssignor, rangeAssignor]
