import type { brokerRegistrationChangeRecord } from '../../protocol/metadata-records/broker-registration-change-record.ts'
import type { partitionChangeRecord } from '../../protocol/metadata-records/partition-change-record.ts'
import type { partitionRecord } from '../../protocol/metadata-records/partition-record.ts'
import type { registerBrokerRecord } from '../../protocol/metadata-records/register-broker-record.ts'
import { ZERO_UUID } from '../../protocol/schema/field.ts'
import type { BrokerRegistration, PartitionImage } from './metadata-image.ts'
import type { ValueOf } from './metadata-record.ts'

/** The leader in a record that leaves it as it is; -1 is "none". */
export const LEADER_UNCHANGED = -2
/** The recovery state in a record that leaves it as it is. */
export const RECOVERY_UNCHANGED = -1

export function registrationOf(record: ValueOf<typeof registerBrokerRecord>): BrokerRegistration {
  const { endPoints, ...registration } = record
  return { ...registration, endpoints: endPoints }
}

export function changedRegistration(
  registration: BrokerRegistration,
  change: ValueOf<typeof brokerRegistrationChangeRecord>,
): BrokerRegistration {
  return {
    ...registration,
    // -1 lets the broker in, 1 fences it, 0 says nothing.
    fenced: change.fenced === 0 ? registration.fenced : change.fenced > 0,
    inControlledShutdown: registration.inControlledShutdown || change.inControlledShutdown === 1,
    logDirs: change.logDirs.length === 0 ? registration.logDirs : change.logDirs,
    cordonedLogDirs: change.cordonedLogDirs ?? registration.cordonedLogDirs,
  }
}

export function partitionOf(record: ValueOf<typeof partitionRecord>): PartitionImage {
  return {
    partition: record.partitionId,
    replicas: record.replicas,
    directories: record.directories.length === 0 ? record.replicas.map(() => ZERO_UUID) : record.directories,
    isr: record.isr,
    removingReplicas: record.removingReplicas,
    addingReplicas: record.addingReplicas,
    eligibleLeaderReplicas: record.eligibleLeaderReplicas ?? [],
    lastKnownElr: record.lastKnownElr ?? [],
    leader: record.leader,
    leaderRecoveryState: record.leaderRecoveryState,
    leaderEpoch: record.leaderEpoch,
    partitionEpoch: record.partitionEpoch,
  }
}

/** A leader that is named raises the leader epoch, be it the same one or none; every change raises the partition epoch. */
export function changedPartition(partition: PartitionImage, change: ValueOf<typeof partitionChangeRecord>): PartitionImage {
  const leaderNamed = change.leader !== LEADER_UNCHANGED
  const replicas = change.replicas ?? partition.replicas
  const directories =
    change.directories ?? (change.replicas === null ? partition.directories : movedDirectories(partition, replicas))
  return {
    partition: partition.partition,
    replicas,
    directories,
    isr: change.isr ?? partition.isr,
    removingReplicas: change.removingReplicas ?? partition.removingReplicas,
    addingReplicas: change.addingReplicas ?? partition.addingReplicas,
    eligibleLeaderReplicas: change.eligibleLeaderReplicas ?? partition.eligibleLeaderReplicas,
    lastKnownElr: change.lastKnownElr ?? partition.lastKnownElr,
    leader: leaderNamed ? change.leader : partition.leader,
    leaderRecoveryState:
      change.leaderRecoveryState === RECOVERY_UNCHANGED ? partition.leaderRecoveryState : change.leaderRecoveryState,
    leaderEpoch: partition.leaderEpoch + (leaderNamed ? 1 : 0),
    partitionEpoch: partition.partitionEpoch + 1,
  }
}

/** A record that moves replicas without naming directories leaves those of the replicas that stay. */
function movedDirectories(partition: PartitionImage, replicas: readonly number[]): readonly string[] {
  return replicas.map((id) => partition.directories[partition.replicas.indexOf(id)] ?? ZERO_UUID)
}
