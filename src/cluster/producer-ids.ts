import { producerIdsRecord } from '../../protocol/metadata-records/producer-ids-record.ts'
import type { Cluster, Decision } from './cluster.ts'
import type { MetadataImage } from './metadata-image.ts'
import { metadataRecord } from './metadata-record.ts'

/** How many producer ids one record of the metadata log gives away, as in Kafka. */
export const PRODUCER_IDS_IN_BLOCK = 1000n

/**
 * Gives out producer ids, never one twice in the life of a cluster: a block is in the metadata log before the first id
 * of it is used, and what a stopped node had left of its block is lost, as in Kafka.
 */
export interface ProducerIdSource {
  next(): Promise<bigint>
}

export function producerIdSource(cluster: Cluster, nodeId: number): ProducerIdSource {
  return new ProducerIdBlocks(cluster, nodeId)
}

/** The next block for a broker; the result is its first id. */
export function decideProducerIds(image: MetadataImage, nodeId: number): Decision<bigint> {
  const { nextProducerId } = image.producerIds
  const first = nextProducerId < 0n ? 0n : nextProducerId
  const brokerEpoch = image.brokers.get(nodeId)?.brokerEpoch ?? -1n
  const block = { brokerId: nodeId, brokerEpoch, nextProducerId: first + PRODUCER_IDS_IN_BLOCK }
  return { records: [metadataRecord(producerIdsRecord, block)], result: first }
}

class ProducerIdBlocks implements ProducerIdSource {
  readonly #cluster: Cluster
  readonly #nodeId: number
  #next = 0n
  #end = 0n
  #fetching: Promise<void> | null = null

  constructor(cluster: Cluster, nodeId: number) {
    this.#cluster = cluster
    this.#nodeId = nodeId
  }

  async next(): Promise<bigint> {
    while (this.#next >= this.#end) {
      this.#fetching ??= this.#fetch()
      await this.#fetching
    }
    const id = this.#next
    this.#next += 1n
    return id
  }

  async #fetch(): Promise<void> {
    try {
      const first = await this.#cluster.change((image) => decideProducerIds(image, this.#nodeId))
      this.#next = first
      this.#end = first + PRODUCER_IDS_IN_BLOCK
    } finally {
      this.#fetching = null
    }
  }
}
