import { featureLevel, METADATA_VERSION_FEATURE, type MetadataImage, type SupportedFeature } from './metadata-image.ts'

/** Metadata versions that can be continued: 3.3 with its earliest KRaft records, up to 4.4. */
export const METADATA_VERSION_MIN = 7
export const METADATA_VERSION_MAX = 33

/** What a new cluster gets: 4.3, the latest stable one, and the features that it switches on. */
export const newClusterFeatures: readonly (readonly [name: string, level: number])[] = [
  [METADATA_VERSION_FEATURE, 30],
  ['eligible.leader.replicas.version', 1],
  ['group.version', 1],
  ['share.version', 1],
  ['streams.version', 1],
  ['transaction.version', 2],
]

/** Where Kafka finds neither a metadata.version nor a bootstrap file it begins with this one and nothing else. */
export const unformattedFeatures: readonly (readonly [name: string, level: number])[] = [[METADATA_VERSION_FEATURE, 30]]

/** What this node says of itself when it registers, and in ApiVersions. */
export const supportedFeatures: readonly SupportedFeature[] = [
  { name: METADATA_VERSION_FEATURE, minSupportedVersion: METADATA_VERSION_MIN, maxSupportedVersion: 30 },
  { name: 'kraft.version', minSupportedVersion: 0, maxSupportedVersion: 1 },
  { name: 'eligible.leader.replicas.version', minSupportedVersion: 0, maxSupportedVersion: 1 },
  { name: 'group.version', minSupportedVersion: 0, maxSupportedVersion: 1 },
  { name: 'share.version', minSupportedVersion: 0, maxSupportedVersion: 1 },
  { name: 'streams.version', minSupportedVersion: 0, maxSupportedVersion: 1 },
  { name: 'transaction.version', minSupportedVersion: 0, maxSupportedVersion: 2 },
]

/** From these metadata versions on, a thing can be written. */
const since = {
  migratingZkBrokers: 8,
  transactions: 14,
  directories: 17,
  eligibleLeaderReplicas: 23,
  cordonedLogDirs: 30,
} as const

export const metadataVersionOf = (image: MetadataImage): number => featureLevel(image, METADATA_VERSION_FEATURE)

/** The version of PartitionRecord and PartitionChangeRecord: 1 has directories, 2 the eligible leaders. */
export function partitionRecordVersion(metadataVersion: number): number {
  if (metadataVersion >= since.eligibleLeaderReplicas) return 2
  return metadataVersion >= since.directories ? 1 : 0
}

export function registerBrokerRecordVersion(metadataVersion: number): number {
  if (metadataVersion >= since.cordonedLogDirs) return 4
  if (metadataVersion >= since.directories) return 3
  return metadataVersion >= since.migratingZkBrokers ? 2 : 1
}

export const hasTransactions = (metadataVersion: number): boolean => metadataVersion >= since.transactions
export const hasDirectories = (metadataVersion: number): boolean => metadataVersion >= since.directories
export const hasCordonedLogDirs = (metadataVersion: number): boolean => metadataVersion >= since.cordonedLogDirs

/** KIP-966: whether partitions keep eligible leaders, which a clean stop then names. */
export function keepsEligibleLeaders(image: MetadataImage): boolean {
  return metadataVersionOf(image) >= since.eligibleLeaderReplicas && featureLevel(image, 'eligible.leader.replicas.version') > 0
}
