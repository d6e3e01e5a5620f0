import { abortTransactionRecord } from '../../protocol/metadata-records/abort-transaction-record.ts'
import { accessControlEntryRecord } from '../../protocol/metadata-records/access-control-entry-record.ts'
import { beginTransactionRecord } from '../../protocol/metadata-records/begin-transaction-record.ts'
import { brokerRegistrationChangeRecord } from '../../protocol/metadata-records/broker-registration-change-record.ts'
import { clearElrRecord } from '../../protocol/metadata-records/clear-elr-record.ts'
import { clientQuotaRecord } from '../../protocol/metadata-records/client-quota-record.ts'
import { configRecord } from '../../protocol/metadata-records/config-record.ts'
import { delegationTokenRecord } from '../../protocol/metadata-records/delegation-token-record.ts'
import { endTransactionRecord } from '../../protocol/metadata-records/end-transaction-record.ts'
import { featureLevelRecord } from '../../protocol/metadata-records/feature-level-record.ts'
import { fenceBrokerRecord } from '../../protocol/metadata-records/fence-broker-record.ts'
import { noOpRecord } from '../../protocol/metadata-records/no-op-record.ts'
import { partitionChangeRecord } from '../../protocol/metadata-records/partition-change-record.ts'
import { partitionRecord } from '../../protocol/metadata-records/partition-record.ts'
import { producerIdsRecord } from '../../protocol/metadata-records/producer-ids-record.ts'
import { registerBrokerRecord } from '../../protocol/metadata-records/register-broker-record.ts'
import { registerControllerRecord } from '../../protocol/metadata-records/register-controller-record.ts'
import { removeAccessControlEntryRecord } from '../../protocol/metadata-records/remove-access-control-entry-record.ts'
import { removeDelegationTokenRecord } from '../../protocol/metadata-records/remove-delegation-token-record.ts'
import { removeTopicRecord } from '../../protocol/metadata-records/remove-topic-record.ts'
import { removeUserScramCredentialRecord } from '../../protocol/metadata-records/remove-user-scram-credential-record.ts'
import { topicRecord } from '../../protocol/metadata-records/topic-record.ts'
import { unfenceBrokerRecord } from '../../protocol/metadata-records/unfence-broker-record.ts'
import { unregisterBrokerRecord } from '../../protocol/metadata-records/unregister-broker-record.ts'
import { unregisterControllerRecord } from '../../protocol/metadata-records/unregister-controller-record.ts'
import { userScramCredentialRecord } from '../../protocol/metadata-records/user-scram-credential-record.ts'
import { zkMigrationStateRecord } from '../../protocol/metadata-records/zk-migration-state-record.ts'
import type { MetadataDelta } from './metadata-delta.ts'
import {
  ConfigResource,
  type ConfigValues,
  type MetadataImage,
  type PartitionImage,
  quotaEntityKey,
  type TopicImage,
} from './metadata-image.ts'
import { MetadataLogRefused } from './metadata-log-refused.ts'
import type { MetadataRecord, ValueOf } from './metadata-record.ts'
import { changedPartition, changedRegistration, partitionOf, registrationOf } from './metadata-replay.ts'

/** What Kafka writes in place of an absent feature level. */
const FEATURE_OFF = 0

/** Its level stands in the control records, not in the image. */
const KRAFT_VERSION_FEATURE = 'kraft.version'

interface DraftTopic {
  readonly id: string
  readonly name: string
  readonly partitions: PartitionImage[]
}

/**
 * An image in the making: the one it began with, and the records replayed since. A map is copied when it is first
 * changed, so a small change costs little and a long replay copies each map once.
 */
export class MetadataDraft {
  readonly #base: MetadataImage
  #image: MetadataImage
  readonly #copied = new Set<object>()
  readonly #topics = new Map<string, DraftTopic>()
  readonly #topicsRemoved: TopicImage[] = []
  readonly #configsChanged = new Map<string, { readonly resourceType: number; readonly resourceName: string }>()

  constructor(base: MetadataImage) {
    this.#base = base
    this.#image = base
  }

  /** The image so far. It changes with the draft, so it is for this turn only. */
  get current(): MetadataImage {
    return this.#image
  }

  /** The image with all that was replayed. Drafts and images may go on from it: it does not change any more. */
  finish(): MetadataImage {
    for (const topic of this.#topics.values()) {
      if (topic.partitions.length !== Object.keys(topic.partitions).length) {
        throw new MetadataLogRefused(`Topic ${topic.name} lacks a partition below ${topic.partitions.length}.`)
      }
    }
    this.#topics.clear()
    this.#copied.clear()
    return this.#image
  }

  /** What differs from the image that the draft began with. Asked after `finish`. */
  delta(): MetadataDelta {
    const previous = this.#base
    const image = this.#image
    const topicsChanged = [...image.topicsById.values()].filter((topic) => previous.topicsById.get(topic.id) !== topic)
    return {
      previous,
      topicsChanged: image.topicsById === previous.topicsById ? [] : topicsChanged,
      // A topic that was made and removed within the draft was never anybody's.
      topicsRemoved: this.#topicsRemoved.filter((topic) => previous.topicsById.has(topic.id)),
      configsChanged: [...this.#configsChanged.values()],
      brokersChanged: image.brokers !== previous.brokers,
      featuresChanged: image.features !== previous.features,
      aclsChanged: image.acls !== previous.acls,
      scramCredentialsChanged: image.scramCredentials !== previous.scramCredentials,
      quotasChanged: image.quotas !== previous.quotas,
    }
  }

  /** The log has grown to `endOffset`, whatever the records were. */
  advance(endOffset: bigint, epoch: number, timestampMs: bigint): void {
    this.#image = { ...this.#image, endOffset, epoch, timestampMs }
  }

  /** Throws MetadataLogRefused where Kafka would end: what the record speaks of is not there. */
  replay(record: MetadataRecord): void {
    switch (record.type) {
      case registerBrokerRecord.type:
        this.#map('brokers').set(record.value.brokerId, registrationOf(record.value))
        return
      case unregisterBrokerRecord.type:
        this.#checkBrokerEpoch(record.value.brokerId, record.value.brokerEpoch)
        this.#map('brokers').delete(record.value.brokerId)
        return
      case brokerRegistrationChangeRecord.type:
        this.#changeRegistration(record.value)
        return
      case fenceBrokerRecord.type:
        this.#fence(record.value.id, record.value.epoch, true)
        return
      case unfenceBrokerRecord.type:
        this.#fence(record.value.id, record.value.epoch, false)
        return
      case registerControllerRecord.type: {
        const { endPoints, ...registration } = record.value
        this.#map('controllers').set(record.value.controllerId, { ...registration, endpoints: endPoints })
        return
      }
      case unregisterControllerRecord.type:
        this.#map('controllers').delete(record.value.controllerId)
        return
      case topicRecord.type:
        this.#addTopic(record.value)
        return
      case partitionRecord.type:
        this.#topic(record.value.topicId).partitions[record.value.partitionId] = partitionOf(record.value)
        return
      case partitionChangeRecord.type:
        this.#changePartition(record.value)
        return
      case removeTopicRecord.type:
        this.#removeTopic(record.value.topicId)
        return
      case clearElrRecord.type:
        this.#clearEligibleLeaders(record.value.topicName)
        return
      case configRecord.type:
        this.#setConfig(record.value)
        return
      case featureLevelRecord.type:
        this.#setFeature(record.value)
        return
      case producerIdsRecord.type:
        this.#image = { ...this.#image, producerIds: record.value }
        return
      case clientQuotaRecord.type:
        this.#setQuota(record.value)
        return
      case userScramCredentialRecord.type:
        this.#setScram(record.value)
        return
      case removeUserScramCredentialRecord.type:
        this.#removeScram(record.value)
        return
      case accessControlEntryRecord.type:
        this.#map('acls').set(record.value.id, record.value)
        return
      case removeAccessControlEntryRecord.type:
        if (!this.#map('acls').delete(record.value.id)) throw unknown('ACL', record.value.id, 'removed')
        return
      case delegationTokenRecord.type:
        this.#map('delegationTokens').set(record.value.tokenId, record.value)
        return
      case removeDelegationTokenRecord.type:
        this.#map('delegationTokens').delete(record.value.tokenId)
        return
      case noOpRecord.type:
      case zkMigrationStateRecord.type:
        return
      case beginTransactionRecord.type:
      case endTransactionRecord.type:
      case abortTransactionRecord.type:
        throw new Error(`${record.type} is the business of the log`)
    }
  }

  /** The map of that name, copied if it is still the base's. */
  #map<Name extends MapName>(name: Name): Mutable<MetadataImage[Name]> {
    const current = this.#image[name]
    if (this.#copied.has(current)) return current as unknown as Mutable<MetadataImage[Name]>
    const copy = new Map(current as ReadonlyMap<unknown, unknown>)
    this.#copied.add(copy)
    this.#image = { ...this.#image, [name]: copy }
    return copy as unknown as Mutable<MetadataImage[Name]>
  }

  /** The topic, of which partitions may be put in place. */
  #topic(id: string): DraftTopic {
    const known = this.#topics.get(id)
    if (known !== undefined) return known
    const topic = this.#image.topicsById.get(id)
    if (topic === undefined) throw unknown('topic id', id, 'changed')
    return this.#putTopic({ id: topic.id, name: topic.name, partitions: [...topic.partitions] })
  }

  #putTopic(topic: DraftTopic): DraftTopic {
    this.#topics.set(topic.id, topic)
    this.#map('topicsById').set(topic.id, topic)
    this.#map('topicsByName').set(topic.name, topic)
    return topic
  }

  #addTopic({ name, topicId }: ValueOf<typeof topicRecord>): void {
    const taken = this.#image.topicsByName.get(name)
    if (taken !== undefined) throw new MetadataLogRefused(`Topic ${name} is made twice, as ${taken.id} and as ${topicId}.`)
    const other = this.#image.topicsById.get(topicId)
    if (other !== undefined) throw new MetadataLogRefused(`Topics ${other.name} and ${name} have the same id, ${topicId}.`)
    this.#putTopic({ id: topicId, name, partitions: [] })
  }

  #changePartition(change: ValueOf<typeof partitionChangeRecord>): void {
    const { partitions, name } = this.#topic(change.topicId)
    const partition = partitions[change.partitionId]
    if (partition === undefined) throw unknown('partition', `${name}-${change.partitionId}`, 'changed')
    partitions[change.partitionId] = changedPartition(partition, change)
  }

  /** Kafka keeps the configs of a topic that was made and removed within one replay; they are nobody's, so we do not. */
  #removeTopic(id: string): void {
    const topic = this.#image.topicsById.get(id)
    if (topic === undefined) throw unknown('topic id', id, 'removed')
    this.#topicsRemoved.push(topic)
    this.#topics.delete(id)
    this.#map('topicsById').delete(id)
    this.#map('topicsByName').delete(topic.name)
    if (this.#image.configs.get(ConfigResource.topic)?.has(topic.name)) {
      this.#putConfigs(ConfigResource.topic, topic.name, new Map())
    }
  }

  #clearEligibleLeaders(topicName: string): void {
    const all = topicName === ''
    const named = this.#image.topicsByName.get(topicName)
    if (!all && named === undefined) throw unknown('topic', topicName, 'cleared of eligible leaders')
    for (const { id } of named === undefined ? [...this.#image.topicsById.values()] : [named]) {
      const held = this.#image.topicsById.get(id)?.partitions
      if (!held?.some((partition) => partition.eligibleLeaderReplicas.length + partition.lastKnownElr.length > 0)) continue
      const { partitions } = this.#topic(id)
      for (const [index, partition] of partitions.entries()) {
        partitions[index] = { ...partition, eligibleLeaderReplicas: [], lastKnownElr: [] }
      }
    }
  }

  #setConfig({ resourceType, resourceName, name, value }: ValueOf<typeof configRecord>): void {
    const values = new Map(this.#image.configs.get(resourceType)?.get(resourceName))
    if (value === null) values.delete(name)
    else values.set(name, value)
    this.#putConfigs(resourceType, resourceName, values)
  }

  #putConfigs(resourceType: number, resourceName: string, values: ConfigValues): void {
    this.#configsChanged.set(`${resourceType} ${resourceName}`, { resourceType, resourceName })
    const held = this.#image.configs.get(resourceType)
    const resources = held !== undefined && this.#copied.has(held) ? (held as Map<string, ConfigValues>) : new Map(held)
    this.#copied.add(resources)
    if (values.size === 0) resources.delete(resourceName)
    else resources.set(resourceName, values)
    this.#map('configs').set(resourceType, resources)
  }

  #setFeature({ name, featureLevel }: ValueOf<typeof featureLevelRecord>): void {
    if (name === KRAFT_VERSION_FEATURE) return
    if (featureLevel === FEATURE_OFF) this.#map('features').delete(name)
    else this.#map('features').set(name, featureLevel)
  }

  #setQuota({ entity, key, value, remove }: ValueOf<typeof clientQuotaRecord>): void {
    const id = quotaEntityKey(entity)
    const values = new Map(this.#image.quotas.get(id)?.values)
    if (remove) values.delete(key)
    else values.set(key, value)
    if (values.size === 0) this.#map('quotas').delete(id)
    else this.#map('quotas').set(id, { entity, values })
  }

  #setScram(credential: ValueOf<typeof userScramCredentialRecord>): void {
    const mechanisms = new Map(this.#image.scramCredentials.get(credential.name))
    this.#map('scramCredentials').set(credential.name, mechanisms.set(credential.mechanism, credential))
  }

  #removeScram({ name, mechanism }: ValueOf<typeof removeUserScramCredentialRecord>): void {
    const mechanisms = new Map(this.#image.scramCredentials.get(name))
    mechanisms.delete(mechanism)
    if (mechanisms.size === 0) this.#map('scramCredentials').delete(name)
    else this.#map('scramCredentials').set(name, mechanisms)
  }

  #checkBrokerEpoch(brokerId: number, brokerEpoch: bigint): void {
    const registered = this.#image.brokers.get(brokerId)
    if (registered === undefined) throw unknown('broker', String(brokerId), 'changed')
    if (registered.brokerEpoch === brokerEpoch) return
    throw new MetadataLogRefused(
      `Broker ${brokerId} is changed under epoch ${brokerEpoch}, but is registered under ${registered.brokerEpoch}.`,
    )
  }

  #changeRegistration(change: ValueOf<typeof brokerRegistrationChangeRecord>): void {
    this.#checkBrokerEpoch(change.brokerId, change.brokerEpoch)
    const registered = this.#image.brokers.get(change.brokerId)
    if (registered !== undefined) this.#map('brokers').set(change.brokerId, changedRegistration(registered, change))
  }

  #fence(brokerId: number, brokerEpoch: bigint, fenced: boolean): void {
    this.#checkBrokerEpoch(brokerId, brokerEpoch)
    const registered = this.#image.brokers.get(brokerId)
    if (registered !== undefined) this.#map('brokers').set(brokerId, { ...registered, fenced })
  }
}

type MapName = {
  [Name in keyof MetadataImage]: MetadataImage[Name] extends ReadonlyMap<infer _K, infer _V> ? Name : never
}[keyof MetadataImage]

type Mutable<M> = M extends ReadonlyMap<infer K, infer V> ? Map<K, V> : never

function unknown(what: string, name: string, done: string): MetadataLogRefused {
  return new MetadataLogRefused(`An unknown ${what}, ${name}, is ${done}.`)
}
