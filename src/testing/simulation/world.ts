import type { Cluster } from '../../cluster/cluster.ts'
import type { CommittedOffsets } from './committed-offsets.ts'
import type { ConsumerOwners } from './consumer-owners.ts'
import type { Dice } from './dice.ts'
import type { EpochHistory } from './epoch-history.ts'
import type { GroupHistory } from './group-history.ts'
import type { ProducedRecords } from './produced-records.ts'
import type { SimulatedNetwork } from './simulated-network.ts'
import type { SimulatedTime } from './simulated-time.ts'
import type { Trace } from './trace.ts'
import type { TransactionHistory } from './transaction-history.ts'
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
  readonly transactions: TransactionHistory
  readonly epochs: EpochHistory
  readonly groups: GroupHistory
  readonly consumerOwners: ConsumerOwners
  /** Partitions by topic, as clients learn them from Metadata. */
  readonly partitionCounts: () => ReadonlyMap<string, number>
  /** By topic id, those that are gone included. */
  readonly topicNames: () => ReadonlyMap<string, string>
  /** The cluster of the broker that runs now. */
  readonly cluster: () => Cluster | null
  /** Clients finish what they are at, and begin nothing new. */
  readonly isEnding: () => boolean
}
