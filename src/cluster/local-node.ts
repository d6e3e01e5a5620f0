import { KafkaError } from '../../protocol/errors.ts'
import type { BrokerConfig } from '../config/broker-config.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import type { ClusterNode } from './cluster.ts'
import type { NodeRegistration } from './cluster-start.ts'
import {
  ConfigResource,
  configsOf,
  type Endpoint,
  type MetadataImage,
  type PartitionImage,
  type TopicReference,
  topicOf,
} from './metadata-image.ts'
import type { Partitions } from './partitions.ts'

/** A node of this process. */
export class LocalNode implements ClusterNode {
  readonly id: number
  readonly rack: string | null
  readonly #partitions: Partitions
  readonly #image: () => MetadataImage
  readonly #startConfig: BrokerConfig
  #config: BrokerConfig
  #endpoints: readonly Endpoint[]

  constructor(registration: NodeRegistration, config: BrokerConfig, partitions: Partitions, image: () => MetadataImage) {
    this.id = registration.id
    this.rack = registration.rack
    this.#endpoints = registration.endpoints
    this.#startConfig = config
    this.#config = config
    this.#partitions = partitions
    this.#image = image
  }

  get endpoints(): readonly Endpoint[] {
    return this.#endpoints
  }

  get config(): BrokerConfig {
    return this.#config
  }

  get brokerEpoch(): bigint {
    return this.#image().brokers.get(this.id)?.brokerEpoch ?? -1n
  }

  advertise(endpoints: readonly Endpoint[]): void {
    this.#endpoints = endpoints
  }

  /** Settles the settings anew: those of the start, under what the image says of all nodes and of this one. */
  reconfigure(image: MetadataImage): void {
    const own = configsOf(image, ConfigResource.broker, String(this.id))
    const all = configsOf(image, ConfigResource.broker, '')
    this.#config = this.#startConfig.withDynamic(own, all)
  }

  leaderLog(reference: TopicReference, partition: number, expectedEpoch = -1): PartitionLog {
    const topic = topicOf(this.#image(), reference)
    if (topic === undefined) throw new KafkaError('id' in reference ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION')
    const found = topic.partitions[partition]
    if (found === undefined) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION')
    checkEpoch(found, expectedEpoch)
    if (found.leader !== this.id) throw new KafkaError('NOT_LEADER_OR_FOLLOWER', undefined, leaderOf(found))
    const log = this.#partitions.get(topic.id, partition)
    if (log === null) throw new KafkaError('KAFKA_STORAGE_ERROR')
    if (log === undefined) throw new KafkaError('NOT_LEADER_OR_FOLLOWER', undefined, leaderOf(found))
    return log
  }
}

const leaderOf = ({ leader, leaderEpoch }: PartitionImage) => ({ leader: { id: leader, epoch: leaderEpoch } })

/** KIP-320: a client that knows an older or a newer leader must look again. */
function checkEpoch(partition: PartitionImage, expectedEpoch: number): void {
  if (expectedEpoch < 0 || expectedEpoch === partition.leaderEpoch) return
  const code = expectedEpoch < partition.leaderEpoch ? 'FENCED_LEADER_EPOCH' : 'UNKNOWN_LEADER_EPOCH'
  throw new KafkaError(code, undefined, leaderOf(partition))
}
