import type { Cluster } from '../../cluster/cluster.ts'
import type { CommittedOffsets } from './committed-offsets.ts'
import type { Dice } from './dice.ts'
import type { GroupHistory } from './group-history.ts'
import type { ProducedRecords } from './produced-records.ts'
import type { SimulatedNetwork } from './simulated-network.ts'
import type { SimulatedTime } from './simulated-time.ts'
import type { Trace } from './trace.ts'
import type { Violations } from './violations.ts'

/** What every client of a simulation shares. */
export interface World {
  readonly time: SimulatedTime
  readonly dice: Dice
  readonly network: SimulatedNetwork
  readonly trace: Trace
  readonly violations: Violations
  readonly offsets: CommittedOffsets
  readonly records: ProducedRecords
  readonly groups: GroupHistory
  /** Partitions by topic, as clients learn them from Metadata. */
  readonly partitionCounts: () => ReadonlyMap<string, number>
  /** The cluster of the broker that runs now. */
  readonly cluster: () => Cluster | null
  /** Clients finish what they are at, and begin nothing new. */
  readonly isEnding: () => boolean
}
