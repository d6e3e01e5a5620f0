/**
 * What the cluster has agreed on: the metadata log, replayed. An image never changes; a change makes a new one that
 * shares with the old whatever it did not touch, so a reader may keep the one it has across an await.
 */
export interface MetadataImage {
  /** The end of the log that it contains: the first offset that it does not. */
  readonly endOffset: bigint
  /** The epoch of the last record that it contains. */
  readonly epoch: number
  /** The timestamp of the last record that it contains, in ms; 0 if there is none. */
  readonly timestampMs: bigint
  /** The finalized features, `metadata.version` among them. A feature at level 0 is absent. */
  readonly features: ReadonlyMap<string, number>
  readonly brokers: ReadonlyMap<number, BrokerRegistration>
  readonly controllers: ReadonlyMap<number, ControllerRegistration>
  readonly topicsById: ReadonlyMap<string, TopicImage>
  readonly topicsByName: ReadonlyMap<string, TopicImage>
  /** By resource type, then name, then setting; see `configsOf`. The broker named '' is the cluster-wide default. */
  readonly configs: ReadonlyMap<number, ReadonlyMap<string, ConfigValues>>
  readonly producerIds: ProducerIdsImage
  /** By the entry's id. */
  readonly acls: ReadonlyMap<string, AccessControlEntry>
  /** By user name, then mechanism (`ScramMechanism`). */
  readonly scramCredentials: ReadonlyMap<string, ReadonlyMap<number, ScramCredential>>
  /** By `quotaEntityKey`. */
  readonly quotas: ReadonlyMap<string, ClientQuota>
  /** By token id. Kept for Kafka: Grete gives out none. */
  readonly delegationTokens: ReadonlyMap<string, DelegationToken>
}

export type ConfigValues = ReadonlyMap<string, string>

export interface Endpoint {
  readonly name: string
  readonly host: string
  readonly port: number
  /** 0 PLAINTEXT, 1 SSL, 2 SASL_PLAINTEXT, 3 SASL_SSL. */
  readonly securityProtocol: number
}

export interface SupportedFeature {
  readonly name: string
  readonly minSupportedVersion: number
  readonly maxSupportedVersion: number
}

export interface BrokerRegistration {
  readonly brokerId: number
  readonly brokerEpoch: bigint
  readonly incarnationId: string
  readonly endpoints: readonly Endpoint[]
  readonly features: readonly SupportedFeature[]
  readonly rack: string | null
  readonly fenced: boolean
  readonly inControlledShutdown: boolean
  readonly isMigratingZkBroker: boolean
  /** Directory ids. */
  readonly logDirs: readonly string[]
  /** Null where the record was written before cordoned directories existed. */
  readonly cordonedLogDirs: readonly string[] | null
}

export interface ControllerRegistration {
  readonly controllerId: number
  readonly incarnationId: string
  readonly zkMigrationReady: boolean
  readonly endpoints: readonly Endpoint[]
  readonly features: readonly SupportedFeature[]
}

export interface TopicImage {
  readonly id: string
  readonly name: string
  /** By partition index, without holes. */
  readonly partitions: readonly PartitionImage[]
}

export interface PartitionImage {
  readonly partition: number
  readonly replicas: readonly number[]
  /** Directory ids, parallel to `replicas`. */
  readonly directories: readonly string[]
  readonly isr: readonly number[]
  readonly removingReplicas: readonly number[]
  readonly addingReplicas: readonly number[]
  readonly eligibleLeaderReplicas: readonly number[]
  readonly lastKnownElr: readonly number[]
  /** -1: none. */
  readonly leader: number
  /** 0 recovered, 1 recovering. */
  readonly leaderRecoveryState: number
  readonly leaderEpoch: number
  readonly partitionEpoch: number
}

export interface ProducerIdsImage {
  readonly brokerId: number
  readonly brokerEpoch: bigint
  /** The first id that no block contains yet; -1 before the first block. */
  readonly nextProducerId: bigint
}

/** As the record holds it; the numbers are those of the wire. */
export interface AccessControlEntry {
  readonly id: string
  readonly resourceType: number
  readonly resourceName: string
  readonly patternType: number
  readonly principal: string
  readonly host: string
  readonly operation: number
  readonly permissionType: number
}

export interface ScramCredential {
  readonly name: string
  readonly mechanism: number
  readonly salt: Buffer
  readonly storedKey: Buffer
  readonly serverKey: Buffer
  readonly iterations: number
}

export interface QuotaEntityPart {
  /** `user`, `client-id` or `ip`. */
  readonly entityType: string
  /** Null: the default. */
  readonly entityName: string | null
}

export interface ClientQuota {
  readonly entity: readonly QuotaEntityPart[]
  readonly values: ReadonlyMap<string, number>
}

export interface DelegationToken {
  readonly tokenId: string
  readonly owner: string
  readonly requester: string
  readonly renewers: readonly string[]
  readonly issueTimestamp: bigint
  readonly maxTimestamp: bigint
  readonly expirationTimestamp: bigint
}

/** The resource types that have configs in the metadata log, by their number on the wire. */
export const ConfigResource = { topic: 2, broker: 4, clientMetrics: 16, group: 32 } as const

export const METADATA_VERSION_FEATURE = 'metadata.version'

const noMap: ReadonlyMap<never, never> = new Map<never, never>()

export const emptyImage: MetadataImage = {
  endOffset: 0n,
  epoch: 0,
  timestampMs: 0n,
  features: noMap,
  brokers: noMap,
  controllers: noMap,
  topicsById: noMap,
  topicsByName: noMap,
  configs: noMap,
  producerIds: { brokerId: -1, brokerEpoch: -1n, nextProducerId: -1n },
  acls: noMap,
  scramCredentials: noMap,
  quotas: noMap,
  delegationTokens: noMap,
}

/** What was set on a resource; empty if nothing was. Defaults and inherited values are the business of `config/`. */
export function configsOf(image: MetadataImage, resourceType: number, resourceName: string): ConfigValues {
  return image.configs.get(resourceType)?.get(resourceName) ?? noMap
}

/** The level of a finalized feature; 0 if it is off. */
export function featureLevel(image: MetadataImage, name: string): number {
  return image.features.get(name) ?? 0
}

/** By name or by id, whichever the request carried. */
export type TopicReference = { readonly name: string } | { readonly id: string }

export function topicOf(image: MetadataImage, reference: TopicReference): TopicImage | undefined {
  return 'id' in reference ? image.topicsById.get(reference.id) : image.topicsByName.get(reference.name)
}

/** Entities are sets: `user` and `client-id` in either order are the same one. */
export function quotaEntityKey(entity: readonly QuotaEntityPart[]): string {
  const parts = [...entity].sort((one, other) => (one.entityType < other.entityType ? -1 : 1))
  return JSON.stringify(parts.map((part) => [part.entityType, part.entityName]))
}
