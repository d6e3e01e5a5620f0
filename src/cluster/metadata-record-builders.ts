import { brokerRegistrationChangeRecord } from '../../protocol/metadata-records/broker-registration-change-record.ts'
import { configRecord } from '../../protocol/metadata-records/config-record.ts'
import { featureLevelRecord } from '../../protocol/metadata-records/feature-level-record.ts'
import { partitionChangeRecord } from '../../protocol/metadata-records/partition-change-record.ts'
import { partitionRecord } from '../../protocol/metadata-records/partition-record.ts'
import { registerBrokerRecord } from '../../protocol/metadata-records/register-broker-record.ts'
import type { BrokerRegistration, PartitionImage } from './metadata-image.ts'
import { type MetadataRecord, metadataRecord, type ValueOf } from './metadata-record.ts'
import { LEADER_UNCHANGED, RECOVERY_UNCHANGED } from './metadata-replay.ts'

/** Kafka leaves the lists out where they are empty. */
const orNull = (ids: readonly number[]): readonly number[] | null => (ids.length === 0 ? null : ids)

export function recordOfPartition(topicId: string, image: PartitionImage): MetadataRecord {
  const { partition, eligibleLeaderReplicas, lastKnownElr, ...rest } = image
  const lists = { eligibleLeaderReplicas: orNull(eligibleLeaderReplicas), lastKnownElr: orNull(lastKnownElr) }
  return { type: partitionRecord.type, value: { ...rest, ...lists, topicId, partitionId: partition } }
}

/** What may change in a partition; what is left out stays. */
export type PartitionChange = Partial<
  Pick<PartitionImage, 'isr' | 'leader' | 'replicas' | 'directories' | 'eligibleLeaderReplicas' | 'lastKnownElr'>
>

const unchanged: Omit<ValueOf<typeof partitionChangeRecord>, 'topicId' | 'partitionId'> = {
  isr: null,
  leader: LEADER_UNCHANGED,
  replicas: null,
  removingReplicas: null,
  addingReplicas: null,
  leaderRecoveryState: RECOVERY_UNCHANGED,
  directories: null,
  eligibleLeaderReplicas: null,
  lastKnownElr: null,
}

export function recordOfPartitionChange(topicId: string, partition: number, change: PartitionChange): MetadataRecord {
  return { type: partitionChangeRecord.type, value: { ...unchanged, ...change, topicId, partitionId: partition } }
}

export function recordOfBroker(registration: BrokerRegistration): MetadataRecord {
  const { endpoints, ...rest } = registration
  return metadataRecord(registerBrokerRecord, { ...rest, endPoints: endpoints })
}

/** `fenced`: true fences, false lets in, undefined says nothing. */
export function recordOfBrokerChange(
  { brokerId, brokerEpoch }: BrokerRegistration,
  change: { readonly fenced?: boolean; readonly inControlledShutdown?: true; readonly cordonedLogDirs?: readonly string[] },
): MetadataRecord {
  const fenced = change.fenced === undefined ? 0 : change.fenced ? 1 : -1
  return metadataRecord(brokerRegistrationChangeRecord, {
    brokerId,
    brokerEpoch,
    fenced,
    inControlledShutdown: change.inControlledShutdown ? 1 : 0,
    cordonedLogDirs: change.cordonedLogDirs ?? null,
  })
}

export function recordOfConfig(resourceType: number, resourceName: string, name: string, value: string | null): MetadataRecord {
  return metadataRecord(configRecord, { resourceType, resourceName, name, value })
}

export function recordOfFeature(name: string, level: number): MetadataRecord {
  return metadataRecord(featureLevelRecord, { name, featureLevel: level })
}
